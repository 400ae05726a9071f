"""Events since a moment are those of their kinds, of all agents, each agent's in order."""

from __future__ import annotations

from pathlib import Path

from cockpit.model import events as ev
from cockpit.model.events import Event, Record
from cockpit.model.ids import AgentId
from cockpit.store.rows import StoredCursor
from cockpit.store.store import Store


async def test_events_since_a_moment(tmp_path: Path) -> None:
    told: list[Event] = [ev.RunEnded(), ev.RunStarted(), ev.RunEnded(True), ev.RunEnded()]
    store = await Store.open(tmp_path / "history.sqlite")
    for agent in ("ada", "bob"):
        epoch, _ = await store.begin_epoch(AgentId(agent), "i", "", 1.0)
        records = [
            Record(AgentId(agent), epoch, line, line, line + 1, float(line), event)
            for line, event in enumerate(told, 1)
        ]
        await store.append(AgentId(agent), records, StoredCursor(epoch, 5, 4, "i", "", 4.0))
    found = await store.lately.since(2.0, ("run_ended",))
    assert [(record.agent, record.line) for record in found] == [("ada", 3), ("ada", 4), ("bob", 3), ("bob", 4)]
    assert await store.lately.since(4.5, ("run_ended",)) == []
    await store.close()
