"""What grew since the last look: each record once, in the order of its file, and folded on from there."""

from __future__ import annotations

from pathlib import Path

from cockpit.engine.recorded import RecordedHistory
from cockpit.model import events as ev
from cockpit.model.events import Event, Record
from cockpit.model.extensions import DialogRequested
from cockpit.model.ids import AgentId
from cockpit.store.rows import StoredCursor
from cockpit.store.store import Store

ADA = AgentId("ada")
KINDS = ("run_started", "run_ended")


async def write(store: Store, first: int, told: list[tuple[float, Event]]) -> None:
    records = [Record(ADA, 1, line, line, line + 1, at, event) for line, (at, event) in enumerate(told, first)]
    last = records[-1]
    await store.append(ADA, records, StoredCursor(1, last.end, last.line, "i", "", last.at))


async def test_each_look_reads_on_where_the_last_one_ended(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "history.sqlite")
    await store.begin_epoch(ADA, "i", "", 1.0)
    await write(store, 1, [(60.0, ev.RunStarted()), (600.0, ev.RunStarted()), (610.0, ev.TextDelta(0, "x"))])
    assert await store.minutes.agents(500.0) == [ADA] and await store.minutes.agents(700.0) == []
    first = await store.minutes.of(ADA, 500.0, None, KINDS)
    assert [record.line for record in first.records] == [2]
    await write(store, 4, [(620.0, ev.RunEnded()), (630.0, ev.RunStarted())])
    await store.save_answer(ADA, "d1", "yes", 625.0)
    await store.save_answer(ADA, "d0", "yes", 100.0)
    later = await store.minutes.of(ADA, 500.0, (1, 2), KINDS)
    assert [record.line for record in later.records] == [4, 5]
    assert later.answers == [("d1", 625.0)]
    await store.close()


async def test_the_minutes_grow_with_the_history(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "history.sqlite")
    await store.begin_epoch(ADA, "i", "", 1.0)
    recorded = RecordedHistory(store)
    await write(store, 1, [(600.0, ev.RunStarted()), (600.0, DialogRequested("d1", "confirm", "Go on?"))])
    look = await recorded.timeline(0.0, 660.0, standing={ADA}, names={ADA: "Ada"})
    (row,) = look.rows
    assert (row.name, row.sums.asking) == ("Ada", 60.0)
    await store.save_answer(ADA, "d1", "yes", 690.0)
    await write(store, 3, [(720.0, ev.RunEnded(False)), (720.0, ev.RunSettled())])
    (row,) = (await recorded.timeline(0.0, 900.0, standing={ADA}, names={})).rows
    assert (row.sums.asking, row.sums.work) == (90.0, 30.0)
    (row,) = (await recorded.timeline(700.0, 900.0, standing=(), names={})).rows  # whole minutes are kept
    assert (sorted(row.minutes), row.waits) == ([11, 12], ()) or row.sums.work == 30.0
    await store.close()
