"""Bringing an agent back: nobody goes for it in vain, and the same one is brought back once, whoever else tries."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from cockpit.engine.commands.booting import until_running
from cockpit.engine.commands.spawn import Spawner
from cockpit.engine.living import living
from cockpit.engine.operation import OperationProgress
from cockpit.model.checkpoints import checkpoint_of
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Destroy, Restore, Spawn, Undo
from cockpit.model.commands.vm import Checkpoint, Retry
from cockpit.model.fleet import Agent
from cockpit.model.ids import CommitId, VmId, agent_of
from cockpit.model.kept import KeptFor, KeptState, lineage, undoable
from cockpit.model.receipts.receipt import Stage
from cockpit.vers.wire import CommitRecord
from tests.engine.unit.parts import AGENT, VM, Parts, agent_on
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


async def test_who_was_brought_back_has_the_checkpoints_from_before(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts()
    parts.board = None

    async def start_copy(self: Spawner, spawn: Spawn, vm_id: VmId, progress: OperationProgress) -> Agent:
        await until_running(parts.state, parts.source(), vm_id)
        parts.state.put_agent(agent_on(vm_id, spawn.name))
        return living(agent_of(vm_id), parts.state)

    monkeypatch.setattr(Spawner, "start_copy", start_copy)
    dispatcher = parts.dispatcher(parts.agent_sessions())
    taken = []
    for text in ("first", "second"):
        await done(parts, dispatcher, Checkpoint(VM, Prompt(AGENT, text)))
        await asyncio.sleep(1.0)
        taken.append(max(parts.state.kept.values(), key=lambda kept: kept.at))
    here = VM
    for _ in range(2):  # Brought back twice: the way back is as long as it was.
        await done(parts, dispatcher, Destroy(here))
        await asyncio.sleep(1.0)
        (undo,) = undoable(parts.state.kept.values())
        assert undo.commit is not None
        await done(parts, dispatcher, Undo(undo.commit))
        here = VmId(f"{undo.commit}-restored")
        agent, fleet = living(agent_of(here), parts.state), parts.state.snapshot()
        assert checkpoint_of(agent, fleet) == taken[1]
    assert dispatcher.refusal(Retry(here, taken[1].commit or COMMIT, Prompt(agent.id, "other"))) is None
    await done(parts, dispatcher, Checkpoint(here, Prompt(agent.id, "third")))
    fleet = parts.state.snapshot()
    own = checkpoint_of(agent, fleet)
    assert own is not None and own.prompt == "third"
    parts.state.agents[agent.id] = replace(agent, name="other")
    vm = fleet.vm(here)
    assert vm is not None and vm.parent_commit is not None
    tree = lineage(fleet.kept, "other", (here,), (vm.parent_commit,))
    assert [(depth, kept.prompt) for depth, kept in tree] == [(0, "first"), (1, "second"), (2, "third")]
    # What undid a destroy goes in its time; the tree stays one.
    for kept in [kept for kept in parts.state.kept.values() if kept.purpose is KeptFor.UNDO]:
        await parts.keeping().forget(kept)
    tree = lineage(parts.state.snapshot().kept, "other", (here,))
    assert [(depth, kept.prompt) for depth, kept in tree] == [(0, "third")]
    tree = lineage(parts.state.snapshot().kept)
    assert [(depth, kept.prompt) for depth, kept in tree] == [(0, "first"), (1, "second"), (2, "third")]
