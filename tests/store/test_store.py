"""The store's interface: order, idempotence, cursors, epochs, and the operator's acts."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.model.events import EpochStarted, TextDelta
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.store import writer as writer_module
from cockpit.store.errors import StoreError
from cockpit.store.rows import AgentRow, StoredCursor, StoredSnapshot
from cockpit.store.store import Store
from tests.store.audit import audit_rows
from tests.store.samples import AGENT, cursor, record, records


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "store.db")
    yield opened
    await opened.close()


async def test_a_new_file_is_private_and_says_nothing(store: Store) -> None:
    assert store.notices == ()
    assert store.trouble == ""
    for file in store.path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


async def test_what_was_appended_is_read_in_order(store: Store) -> None:
    assert await store.cursor(AGENT) is None
    await store.append(AGENT, records(1, 10), cursor(10))
    assert await store.records(AGENT) == records(1, 10)
    assert await store.cursor(AGENT) == cursor(10)
    assert await store.records(AGENT, limit=3) == records(8, 10)
    assert await store.records(AGENT, before=(1, 8), limit=3) == records(5, 7)
    assert await store.records(AGENT, after=(1, 8), limit=5) == records(9, 10)
    assert await store.records(AGENT, after=(0, 5), limit=2) == records(1, 2)
    assert await store.records(AGENT, after=(1, 2), before=(1, 5)) == records(3, 4)
    assert await store.records(AGENT, before=(1, 1)) == []
    assert await store.records(AgentId("nobody")) == []


async def test_appending_twice_changes_nothing(store: Store) -> None:
    await store.append(AGENT, records(1, 10), cursor(10))
    await store.append(AGENT, records(1, 10), cursor(10))
    await store.append(AGENT, records(5, 12), cursor(12))
    assert await store.records(AGENT) == records(1, 12)


async def test_the_first_text_of_a_line_stays(store: Store) -> None:
    await store.append(AGENT, [record(1, TextDelta(0, "first"))], cursor(1))
    await store.append(AGENT, [record(1, TextDelta(0, "second"))], cursor(1))
    assert [one.event for one in await store.records(AGENT)] == [TextDelta(0, "first")]


async def test_the_cursor_never_moves_back_within_an_epoch(store: Store) -> None:
    await store.append(AGENT, records(1, 10), cursor(10))
    await store.append(AGENT, records(1, 4), cursor(4))
    assert await store.cursor(AGENT) == cursor(10)
    await store.append(AGENT, [], cursor(11))
    assert await store.cursor(AGENT) == cursor(11)


async def test_a_new_epoch_starts_its_own_cursor(store: Store) -> None:
    assert await store.begin_epoch(AGENT, "one", "first contact", 5.0) == (1, "first contact")
    assert await store.cursor(AGENT) == StoredCursor(1, 0, 0, "one", "", 5.0)
    await store.append(AGENT, records(1, 3), cursor(3))
    assert await store.begin_epoch(AGENT, "one", "again", 6.0) == (1, "first contact")
    assert await store.begin_epoch(AGENT, "two", "rotated", 7.0) == (2, "rotated")
    started = record(0, EpochStarted("rotated"), epoch=2)
    await store.append(AGENT, [started, *records(1, 2, epoch=2)], cursor(2, epoch=2))
    assert await store.cursor(AGENT) == cursor(2, epoch=2)
    assert await store.records(AGENT) == [*records(1, 3), started, *records(1, 2, epoch=2)]
    assert await store.records(AGENT, before=(2, 1), limit=2) == [record(3), started]
    assert await store.records(AGENT, after=(1, 2), limit=2) == [record(3), started]


async def test_a_file_truncated_in_place_gets_a_new_epoch_once(store: Store) -> None:
    assert await store.begin_epoch(AGENT, "same", "first contact", 1.0) == (1, "first contact")
    found = await asyncio.gather(*(store.begin_epoch(AGENT, "same", "truncated", 2.0, ended=1) for _ in range(5)))
    assert set(found) == {(2, "truncated")}


async def test_many_agents_at_once_share_transactions(store: Store) -> None:
    agents = [AgentId(f"agent-{number}") for number in range(30)]

    async def feed(agent: AgentId) -> None:
        for first in range(1, 100, 10):
            await store.append(agent, records(first, first + 9, agent=agent), cursor(first + 9))

    await asyncio.gather(*(feed(agent) for agent in agents))
    for agent in agents:
        assert await store.records(agent) == records(1, 100, agent=agent)


async def test_those_who_share_a_transaction_go_on_a_few_in_a_turn_of_the_loop(store: Store) -> None:
    turn = 0
    went_on: list[int] = []

    async def feed(agent: AgentId) -> None:
        await store.append(agent, records(1, 2, agent=agent), cursor(2))
        went_on.append(turn)

    async def count() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        counting = group.create_task(count())
        feeding = [group.create_task(feed(AgentId(f"agent-{number}"))) for number in range(60)]
        await asyncio.sleep(0)
        await store.flush()
        await asyncio.wait(feeding)
        counting.cancel()
    assert len(went_on) == 60
    assert max(Counter(went_on).values()) <= 10


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows threads that interrupt no other")
async def test_the_thread_that_writes_interrupts_no_other(store: Store) -> None:
    await store.append(AgentId("a"), records(1, 2, agent=AgentId("a")), cursor(2))
    threads = [thread.native_id for thread in threading.enumerate() if thread.name == "store-writer"]
    assert threads and all(os.sched_getscheduler(thread) == os.SCHED_BATCH for thread in threads if thread)


async def test_callers_are_held_back_while_too_much_is_queued(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "QUEUE_RECORDS", 20)
    agents = [AgentId(f"agent-{number}") for number in range(20)]
    await asyncio.gather(*(store.append(agent, records(1, 15, agent=agent), cursor(15)) for agent in agents))
    for agent in agents:
        assert len(await store.records(agent)) == 15


async def test_one_callers_fault_does_not_fail_the_others(store: Store) -> None:
    broken = StoredCursor(1, 2**70, 1, "", "", 0.0)
    good, bad = await asyncio.gather(
        store.append(AgentId("good"), records(1, 2, agent=AgentId("good")), cursor(2)),
        store.append(AgentId("bad"), records(1, 2, agent=AgentId("bad")), broken),
        return_exceptions=True,
    )
    assert good is None
    assert isinstance(bad, OverflowError)
    assert len(await store.records(AgentId("good"))) == 2
    assert await store.records(AgentId("bad")) == []


async def test_a_cancelled_caller_leaves_the_store_working(store: Store) -> None:
    task = asyncio.create_task(store.append(AGENT, records(1, 5), cursor(5)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await store.flush()
    assert len(await store.records(AGENT)) in (0, 5)
    await store.append(AGENT, records(1, 6), cursor(6))
    assert await store.records(AGENT) == records(1, 6)


async def test_a_snapshot_is_the_latest_and_never_ahead_of_the_cursor(store: Store) -> None:
    assert await store.snapshot(AGENT) is None
    await store.append(AGENT, records(1, 10), cursor(10))
    await store.save_snapshot(AGENT, 1, 8, b"state at 8")
    await store.save_snapshot(AGENT, 1, 5, b"state at 5")
    assert await store.snapshot(AGENT) == StoredSnapshot(1, 8, b"state at 8")
    for line in range(11, 41):
        await store.save_snapshot(AGENT, 1, line, b"ahead")
        assert await store.snapshot(AGENT) == StoredSnapshot(1, 8, b"state at 8")
    await store.append(AGENT, records(11, 13), cursor(13))
    assert await store.snapshot(AGENT) == StoredSnapshot(1, 13, b"ahead")
    await store.save_snapshot(AGENT, 1, 13, b"state at 13")
    assert await store.snapshot(AGENT) == StoredSnapshot(1, 13, b"state at 13")
    assert await store.begin_epoch(AGENT, "new", "", 1.0) == (2, "")
    await store.save_snapshot(AGENT, 2, 0, b"new file")
    assert await store.snapshot(AGENT) == StoredSnapshot(2, 0, b"new file")


async def test_agents_are_remembered_and_marked_as_destroyed(store: Store) -> None:
    row = AgentRow(AGENT, "ada\ud800", "lieutenant", AGENT, labels=("a", "b"), created_at=3.0, run_id="r1")
    await store.remember_agent(row)
    await store.append(AGENT, records(1, 2), cursor(2))
    assert [living.id for living in await store.agents(living=True)] == [AGENT]
    await store.forget_agent(AGENT)
    assert await store.agents(living=True) == []
    (found,) = await store.agents()
    assert (found.name, found.labels, found.run_id) == ("ada\ufffd", ("a", "b"), "r1")
    assert found.destroyed_at is not None
    assert len(await store.records(AGENT)) == 2


async def test_receipts_come_back_as_they_were(store: Store) -> None:
    first = Receipt(CommandId("c1"), AGENT, "prompt", "do it", Stage.PENDING, 1.0, ((Stage.PENDING, 1.0),))
    later = Receipt(
        CommandId("c1"), AGENT, "prompt", "do it", Stage.DONE, 1.0, ((Stage.PENDING, 1.0), (Stage.DONE, 2.5))
    )
    other = Receipt(CommandId("c2"), None, "spawn", "", Stage.FAILED, 2.0, (), "no such image")
    await store.save_receipt(first)
    await store.save_receipt(other)
    await store.save_receipt(later)
    assert await store.receipts() == [later, other]
    assert await store.receipts(1) == [other]


async def test_answers_and_the_audit(store: Store) -> None:
    await store.save_answer(AGENT, "d1", "yes", 1.0)
    await store.save_answer(AGENT, "d2", "no", 2.0)
    assert await store.answers(AGENT) == [("d1", "yes"), ("d2", "no")]
    await store.audit(1.0, "destroy", "vm-1", "asked for")
    assert [(row.verb, row.target) for row in audit_rows(store.path)] == [("destroy", "vm-1")]


async def test_host_keys_are_trusted_and_forgotten(store: Store) -> None:
    assert store.known("vm-1") == ()
    store.trust("vm-1", "ssh-ed25519 AAAA")
    store.trust("vm-1", "ssh-ed25519 AAAA")
    assert store.known("vm-1") == ("ssh-ed25519 AAAA",)
    store.distrust("vm-1")
    assert store.known("vm-1") == ()


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    first = await Store.open(path)
    await first.append(AGENT, records(1, 300), cursor(300))
    first.trust("vm", "key")
    await first.close()
    await first.close()
    second = await Store.open(path)
    try:
        assert second.notices == ()
        assert await second.records(AGENT) == records(1, 300)
        assert await second.cursor(AGENT) == cursor(300)
        assert second.known("vm") == ("key",)
    finally:
        await second.close()


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "store.db")
    pending = [asyncio.ensure_future(store.append(AGENT, records(1, 50), cursor(50)))]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*pending)
    with pytest.raises(StoreError):
        await store.append(AGENT, records(51, 52), cursor(52))
    with pytest.raises(StoreError):
        await store.records(AGENT)
