"""The bounds of a family hold whichever way an agent joins it; nothing is made, and nobody destroyed, beyond them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from cockpit.engine.commands.spawn import Spawner
from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Source
from cockpit.errors import Refused
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Restore, Spawn, Undo
from cockpit.model.commands.swarm import BestOf
from cockpit.model.commands.vm import Branch
from cockpit.model.family import FamilyBounds
from cockpit.model.fleet import Agent, Power, Vm
from cockpit.model.ids import CommitId, VmId
from cockpit.model.kept import KeptFor, KeptState
from cockpit.model.receipts.receipt import Stage
from cockpit.model.refusals.grounds import RefusalCode
from cockpit.vers.wire import CommitRecord
from tests.engine.unit.parts import OTHER_VM, VM, Parts, agent_on
from tests.engine.unit.test_keeping import changes, done, left_behind

COMMIT = CommitId("c0ffee00")
GONE = VmId("cccccccc-0000-4000-8000-000000000003")


class Family(Parts):
    """A parent (`builder`) and a child (`child`), and what they may have."""

    def __init__(self, bounds: FamilyBounds) -> None:
        super().__init__()
        self.board = None
        self.bounds = bounds
        self.state.put_vm(Vm(OTHER_VM, Power.RUNNING))
        self.state.put_agent(replace(agent_on(OTHER_VM, "child"), parent="builder", parent_vm=VM))

    def source(self) -> Source:
        """Return the fleet with these bounds."""
        return replace(super().source(), bounds=self.bounds)


def was_child(parts: Parts) -> None:
    """Keep a commit of another child, which was destroyed."""
    identity = json.dumps({"name": "lost", "kind": "worker", "labels": [], "parent": "builder", "parent_vm": VM})
    left_behind(parts, state=KeptState.KEPT, commit=COMMIT, identity=identity, vm=GONE, name="lost")


@pytest.mark.parametrize(
    ("order", "allowed"),
    [
        (BestOf(VM, ("one", "two")), 4),
        (BestOf(OTHER_VM, ("one",)), 3),
        (Branch(OTHER_VM, 2), 4),
        (Undo(COMMIT), 3),
        (Restore(COMMIT), 3),
        (Restore(COMMIT, instead=OTHER_VM), 2),
    ],
    ids=["best of", "best of a child", "branch", "undo", "restore", "in place"],
)
async def test_a_family_that_is_full_takes_nobody(order: Command, allowed: int) -> None:
    for most, full in ((allowed, False), (allowed - 1, True)):
        parts = Family(FamilyBounds(max_vms=most))
        was_child(parts)
        refused = parts.dispatcher(parts.agent_sessions()).refusal(order)
        assert (refused is not None) is full, refused
        assert refused is None or (
            refused.code is RefusalCode.FAMILY_FULL and f"may have {most} VMs" in refused.sentence
        )


async def test_a_branch_stands_beside_its_original_and_a_contest_below_it() -> None:
    parts = Family(FamilyBounds(max_depth=1))
    dispatcher = parts.dispatcher(parts.agent_sessions())
    assert dispatcher.refusal(Branch(OTHER_VM, 2)) is None
    refused = dispatcher.refusal(BestOf(OTHER_VM, ("one",)))
    assert refused is not None and refused.code is RefusalCode.FAMILY_FULL and "generation" in refused.sentence
    assert Family(FamilyBounds(max_vms=1)).dispatcher(parts.agent_sessions()).refusal(Branch(VM, 9)) is None


@pytest.mark.parametrize(
    "order", [BestOf(VM, ("one", "two")), Branch(OTHER_VM, 2), Undo(COMMIT)], ids=["best", "branch", "undo"]
)
async def test_two_orders_at_once_do_not_take_the_same_place(order: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Family(FamilyBounds(max_vms=3 if isinstance(order, Undo) else 5))
    was_child(parts)
    left_behind(
        parts,
        request="order-2",
        state=KeptState.KEPT,
        commit=CommitId("c0ffee01"),
        identity=next(iter(parts.state.kept.values())).identity,
        vm=GONE,
        name="lost-too",
    )

    async def start_copy(self: Spawner, spawn: Spawn, vm_id: VmId, progress: OperationProgress) -> Agent:
        raise Refused("it does not start here")

    monkeypatch.setattr(Spawner, "start_copy", start_copy)
    parts.vers.wait |= {"branch": lambda: asyncio.sleep(1.0), "restore": lambda: asyncio.sleep(1.0)}
    dispatcher = parts.dispatcher(parts.agent_sessions())
    second = Undo(CommitId("c0ffee01")) if isinstance(order, Undo) else order
    orders = [dispatcher.dispatch(order), dispatcher.dispatch(second)]
    while dispatcher.under_way:
        await asyncio.gather(*dispatcher.under_way)
    reasons = sorted("may have" in parts.state.receipts[command].reason for command in orders)
    assert reasons == [False, True], [parts.state.receipts[command].reason for command in orders]
    assert sum(call.split()[0] in ("branch", "restore") for call in parts.vers.calls) == 1


async def test_who_was_on_a_commit_by_the_history_alone_is_bounded_before_anything_is_done() -> None:
    parts = Family(FamilyBounds(max_vms=2))
    parts.remember(GONE, "lost", parent="builder", parent_vm=VM, destroyed_at=1.0)
    parts.vers.commits.records[COMMIT] = CommitRecord(commit_id=COMMIT, parent_vm_id=GONE)
    receipt = await done(parts, parts.dispatcher(parts.agent_sessions()), Restore(COMMIT))
    assert receipt.stage is Stage.FAILED and "may have 2 VMs" in receipt.reason, receipt
    receipt = await done(parts, parts.dispatcher(parts.agent_sessions()), Restore(COMMIT, instead=VM))
    assert receipt.stage is Stage.FAILED and "may have 2 VMs" in receipt.reason, receipt
    assert changes(parts) == [], "its parent would have been destroyed for it"
    assert KeptFor.UNDO not in {kept.purpose for kept in parts.state.kept.values()}
