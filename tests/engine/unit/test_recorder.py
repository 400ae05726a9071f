"""The recorder: each line is folded once, kept before it counts as kept, and judged once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import msgspec
import pytest

from cockpit.engine.streams.recorder import SNAPSHOT_EVERY, TICK, TRANSCRIPT_RECORDS
from cockpit.model import events as ev
from cockpit.model.fleet import Activity, ActivityState, Link, LinkState
from cockpit.model.ids import VmId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.store.rows import StoredCursor
from tests.engine.unit.parts import AGENT, BEGAN, OTHER_VM, VM, Parts, agent_on, record


def cursor(line: int, epoch: int = 1) -> StoredCursor:
    """Return the cursor behind a line."""
    return StoredCursor(epoch, line * 100, line, "identity", "anchor", BEGAN)


def said(parts: Parts) -> str:
    """Return everything the transcript shows."""
    return " ".join(entry.text for entry in parts.state.transcript(AGENT).entries())


async def test_a_line_that_comes_twice_is_shown_and_counted_once() -> None:
    parts = Parts()
    broken = [record(line, ev.BrokenLine("no JSON", f"raw{line}", 4)) for line in (1, 2, 3)]
    parts.recorder.fold_all(broken[:2])
    parts.recorder.fold_all(broken)
    parts.recorder.fold_all(broken)
    assert parts.agent.broken_lines == 3 and parts.agent.line == 3
    assert [said(parts).count(f"raw{line}") for line in (1, 2, 3)] == [1, 1, 1]


async def test_what_comes_for_an_agent_that_is_gone_is_dropped() -> None:
    parts = Parts()
    del parts.state.agents[AGENT]
    parts.recorder.fold_all([record(1)])
    assert AGENT not in parts.state.transcripts


async def test_a_snapshot_is_kept_at_rest_and_every_so_many_lines() -> None:
    parts = Parts()
    parts.hears(ev.RunStarted())
    await parts.recorder.keep(AGENT, [record(1)], cursor(1))
    assert AGENT not in parts.memory.snapshots, "a run is under way: the next lines change everything again"
    await parts.recorder.keep(
        AGENT, [record(line) for line in range(2, SNAPSHOT_EVERY + 2)], cursor(SNAPSHOT_EVERY + 1)
    )
    assert AGENT in parts.memory.snapshots, "a relaunch folds no more than so many lines"
    parts.memory.snapshots.clear()
    parts.hears(ev.RunEnded(), ev.RunSettled())
    assert not parts.agent.run_open
    await parts.recorder.keep(AGENT, [record(5000)], cursor(5000))
    assert AGENT in parts.memory.snapshots


async def test_receipts_are_on_the_disk_before_the_snapshot_behind_which_nothing_is_judged_again() -> None:
    parts = Parts()
    receipt = parts.receipt()
    parts.book.written(receipt.id, parts.clock.now())
    parts.hears(ev.Responded(receipt.id, "prompt", True))
    parts.memory.log.clear()
    await parts.recorder.save(parts.agent)
    assert parts.memory.log == ["receipt accepted", "snapshot 1:1"]
    assert parts.state.unsaved_receipts == set()


async def test_a_receipt_that_changed_while_it_was_written_is_written_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = Parts()
    receipt = parts.receipt()
    saving = parts.memory.save_receipt

    async def save(known: Receipt) -> None:
        await saving(known)
        monkeypatch.undo()
        parts.state.put_receipts(parts.book.written(receipt.id, parts.clock.now()))

    monkeypatch.setattr(parts.memory, "save_receipt", save)
    await parts.recorder.save_receipts()
    assert parts.memory.saved[receipt.id].stage is Stage.PENDING
    await parts.recorder.save_receipts()
    assert parts.memory.saved[receipt.id].stage is Stage.WRITTEN


async def test_what_the_disk_refuses_is_written_later() -> None:
    parts = Parts()
    receipt = parts.receipt()
    parts.memory.refuses = "the disk is full"
    await parts.recorder.keep(AGENT, [record(1)], cursor(1))
    assert parts.memory.streams == {} and receipt.id in parts.state.unsaved_receipts
    parts.memory.refuses = ""
    await parts.recorder.save_receipts()
    assert receipt.id in parts.memory.saved


async def test_an_agent_comes_back_as_it_was_with_its_newest_name_and_no_old_link() -> None:
    parts = Parts()
    saved = replace(
        parts.agent,
        epoch=1,
        line=4,
        turns=7,
        name="old name",
        link=Link(LinkState.UP),
        activity=Activity(ActivityState.IDLE),
    )
    await parts.memory.save_snapshot(AGENT, 1, 4, msgspec.json.encode(saved))
    await parts.memory.append(AGENT, [record(line, ev.TurnEnded()) for line in (3, 4, 5, 6)], None)
    parts.memory.given[AGENT] = [("d1", "yes")]
    await parts.recorder.load(replace(agent_on(VM, "new name"), role="builds", link=Link()))
    agent = parts.agent
    assert (agent.name, agent.role, agent.line) == ("new name", "builds", 6)
    assert agent.link == Link(), "a link of an earlier process says nothing of now"
    assert agent.turns == saved.turns + counted(ev.TurnEnded(), 2)


def counted(event: ev.Event, times: int) -> int:
    """Return how many turns an event counts for."""
    parts = Parts()
    for _ in range(times):
        parts.hears(event)
    return parts.agent.turns


@pytest.mark.parametrize("written_down", [OTHER_VM, None])
async def test_what_was_learnt_of_an_agent_after_its_snapshot_comes_back_with_it(written_down: VmId | None) -> None:
    parts = Parts()
    saved = replace(parts.agent, parent_vm=None if written_down else OTHER_VM)
    await parts.memory.save_snapshot(AGENT, 1, 4, msgspec.json.encode(saved))
    row = {"colour": "red", "named_at": BEGAN - 9, "findable": True, "parent_vm": written_down or ""}
    parts.remember(VM, "builder", **row)
    await parts.bring_back()
    agent = parts.agent
    assert (agent.colour, agent.named_at, agent.findable) == ("red", BEGAN - 9, True)
    assert agent.parent_vm == OTHER_VM, "a row of an earlier version lacks what the snapshot has"


async def test_a_snapshot_that_cannot_be_read_is_folded_anew() -> None:
    parts = Parts()
    await parts.memory.save_snapshot(AGENT, 1, 2, b"{broken")
    await parts.memory.append(AGENT, [record(line, ev.BrokenLine("x", "raw", 1)) for line in (1, 2)], None)
    await parts.recorder.load(agent_on())
    assert parts.agent.broken_lines == 2


@pytest.mark.parametrize("number", [TRANSCRIPT_RECORDS - 1, TRANSCRIPT_RECORDS, TRANSCRIPT_RECORDS + 7])
async def test_a_long_history_behind_an_old_snapshot_is_folded_whole(number: int) -> None:
    parts = Parts()
    await parts.memory.append(
        AGENT, [record(line, ev.BrokenLine("x", f"raw{line}", 1)) for line in range(1, number + 1)], None
    )
    await parts.recorder.load(agent_on())
    assert (parts.agent.broken_lines, parts.agent.line) == (number, number)


async def test_catching_up_brings_what_another_cockpit_stored_and_no_more() -> None:
    parts = Parts()
    parts.hears(ev.BrokenLine("x", "raw", 1))
    await parts.memory.append(AGENT, [record(line, ev.BrokenLine("x", "raw", 1)) for line in (1, 2, 3)], None)
    await parts.recorder.catch_up(AGENT)
    await parts.recorder.catch_up(AGENT)
    assert (parts.agent.line, parts.agent.broken_lines) == (3, 3)


async def test_a_changed_agent_is_saved_by_whom_records_it_and_the_lease_stays_as_it_was() -> None:
    for held, others, saved in ((True, False, True), (False, False, True), (False, True, False)):
        parts = Parts()
        leases = parts.memory.leases
        if held:
            leases.take(AGENT)
        if others:
            leases.others.add(AGENT)
        parts.hears(ev.TurnEnded())
        await parts.recorder.save_touched()
        assert (AGENT in parts.memory.snapshots) is saved
        assert leases.holds(AGENT) is held


async def test_an_agent_that_did_not_change_is_not_saved() -> None:
    parts = Parts()
    await parts.recorder.save_touched()
    parts.hears(ev.TurnEnded())
    await parts.recorder.save_touched()
    parts.memory.log.clear()
    await parts.recorder.save_touched()
    assert parts.memory.log == []


def dialogs(parts: Parts) -> int:
    """Count the open questions."""
    return len(parts.agent.activity.dialogs)


async def test_time_alone_ends_a_question_and_that_is_kept() -> None:
    parts = Parts()
    keeping = asyncio.create_task(parts.recorder.keep_time())
    parts.hears(ev.RunStarted(), ev.DialogRequested("d1", "input", "Which?", timeout=5.0))
    await asyncio.sleep(4.0)
    assert dialogs(parts) == 1
    await parts.recorder.save_touched()
    await asyncio.sleep(1.0 + 3 * TICK)
    assert dialogs(parts) == 0
    parts.memory.log.clear()
    await parts.recorder.save_touched()
    assert parts.memory.log == ["snapshot 1:2"], "what time changed is a change"
    keeping.cancel()


async def test_who_waits_for_an_answer_hears_it_once_and_only_of_new_lines() -> None:
    parts = Parts()
    answer = ev.Responded("ck-1", "get_state", True)
    parts.hears(answer)
    waiting = parts.recorder.expect("ck-1")
    parts.recorder.fold_all([record(1, answer)])
    assert not waiting.done(), "that line was here before the question"
    parts.hears(answer, answer)
    assert await waiting == answer


async def test_the_agent_that_is_looked_at_has_been_seen() -> None:
    def end_run(parts: Parts) -> ActivityState:
        parts.hears(ev.RunStarted(), ev.MessageStarted("assistant"), ev.TextDelta(0, "done"))
        parts.hears(ev.MessageEnded("assistant", (ev.Block("text", "done"),), stop_reason="stop"))
        parts.hears(ev.RunEnded(), ev.RunSettled())
        return parts.agent.activity.state

    unseen, seen = Parts(), Parts()
    seen.recorder.focus(AGENT)
    assert end_run(unseen) is ActivityState.DONE_UNSEEN
    assert end_run(seen) is ActivityState.IDLE
    unseen.recorder.focus(AGENT)
    assert unseen.agent.activity.state is ActivityState.IDLE
