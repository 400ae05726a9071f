"""Bringing an agent back: nobody goes for it in vain, and the same one is brought back once, whoever else tries."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Restore, Undo
from cockpit.model.commands.vm import Retry
from cockpit.model.ids import CommitId
from cockpit.model.kept import KeptFor, KeptState
from cockpit.model.receipts.receipt import Stage
from cockpit.vers.wire import CommitRecord
from tests.engine.unit.parts import AGENT, VM, Parts
from tests.engine.unit.test_keeping import changes, done, left_behind

COMMIT = CommitId("c0ffee00")
GONE = CommitId("deadbeef")


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (Restore(COMMIT, instead=VM), "not known here"),
        (Restore(GONE, "other", instead=VM), "could not find commit"),
        (Restore(COMMIT, "no-program", instead=VM), "cannot be started"),
        (Retry(VM, GONE, Prompt(AGENT, "again")), "could not find commit"),
    ],
    ids=["nobody known", "no commit", "no program", "no checkpoint"],
)
async def test_nobody_is_destroyed_for_one_who_cannot_be_brought_back(command: Command, why: str) -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    parts.vers.commits.records[COMMIT] = CommitRecord(commit_id=COMMIT, parent_vm_id="somewhere")
    if isinstance(command, Retry):
        left_behind(parts, purpose=KeptFor.CHECKPOINT, state=KeptState.KEPT, commit=GONE, expires_at=None)
    elif command == Restore(COMMIT, "no-program", instead=VM):
        identity = '{"name": "builder", "kind": "worker", "labels": [], "program": "lost"}'
        left_behind(parts, purpose=KeptFor.COMMIT, state=KeptState.KEPT, commit=COMMIT, identity=identity)
    receipt = await done(parts, dispatcher, command)
    assert receipt.stage is Stage.FAILED and why in receipt.reason, receipt
    assert changes(parts) == [] and VM in parts.vers.states


async def test_who_is_brought_back_already_is_not_brought_back_twice() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    kept = left_behind(parts, state=KeptState.KEPT, commit=COMMIT)
    parts.vers.commits.records[COMMIT] = CommitRecord(commit_id=COMMIT, parent_vm_id="somewhere")
    parts.vers.wait["restore"] = lambda: asyncio.sleep(1.0)
    first, second = dispatcher.dispatch(Undo(COMMIT)), dispatcher.dispatch(Undo(COMMIT))
    while dispatcher.under_way:
        await asyncio.gather(*dispatcher.under_way)
    assert changes(parts) == ["restore"]
    assert parts.state.receipts[first].stage is Stage.DONE
    assert "cannot be brought back: VM" in parts.state.receipts[second].reason
    assert parts.memory.kept.held == set()

    # Another cockpit's: what this one remembers of it is older than what is written down.
    parts.memory.kept.kept[kept.request] = kept
    parts.state.kept[kept.request] = kept
    parts.memory.kept.others.add(kept.request)
    busy = await done(parts, dispatcher, Undo(COMMIT))
    assert busy.stage is Stage.FAILED and "already" in busy.reason
    parts.memory.kept.others.clear()
    parts.memory.kept.kept[kept.request] = replace(kept, state=KeptState.RESTORED)
    late = await done(parts, dispatcher, Undo(COMMIT))
    assert late.stage is Stage.FAILED and "restored" in late.reason
    assert changes(parts) == ["restore"]
