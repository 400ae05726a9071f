"""Tearing down over doubles: workers and nobody else, each on its own, and what was not deleted stays listed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from cockpit.engine.commands.dispatcher import Dispatcher
from cockpit.model.commands.swarm import Teardown
from cockpit.model.fleet import AgentKind, Power, Vm
from cockpit.model.ids import OperationId, VmId, agent_of
from cockpit.model.receipts.receipt import Receipt, Stage
from tests.engine.unit.control import refused
from tests.engine.unit.parts import OTHER_VM, VM, Parts, agent_on

THIRD = VmId("cccccccc-0000-4000-8000-000000000003")


def three_workers() -> tuple[Parts, Dispatcher]:
    """Return a fleet of three workers."""
    parts = Parts()
    for vm_id, name in ((VM, "ada"), (OTHER_VM, "bob"), (THIRD, "cid")):
        parts.vers.states[vm_id] = "running"
        parts.state.put_vm(Vm(vm_id, Power.RUNNING))
        parts.state.put_agent(agent_on(vm_id, name))
        parts.remember(vm_id, name)
    return parts, parts.dispatcher(parts.agent_sessions())


async def outcome(parts: Parts, dispatcher: Dispatcher, *vms: VmId) -> tuple[Receipt, dict[str, str]]:
    """Tear down, and return the receipt at the end and what became of each worker."""
    command_id = dispatcher.dispatch(Teardown(vms))
    while dispatcher.under_way:
        await asyncio.gather(*dispatcher.under_way)
    operation = parts.state.operations.get(OperationId(command_id))
    return parts.state.receipts[command_id], {
        part.target: part.outcome for part in operation.parts
    } if operation else {}


async def test_one_that_is_not_deleted_keeps_no_other_and_stays_listed() -> None:
    parts, dispatcher = three_workers()

    async def unless_bob() -> None:
        if parts.vers.calls[-1] == f"delete {OTHER_VM}":
            raise refused("it is locked")

    parts.vers.wait["delete"] = unless_bob
    receipt, became = await outcome(parts, dispatcher, VM, OTHER_VM, THIRD)
    assert became == {"ada": "deleted", "bob": "kept", "cid": "deleted"}
    assert receipt.stage is Stage.FAILED
    assert "1 of 3 were not deleted: bob" in receipt.reason and "it is locked" in receipt.reason
    assert list(parts.vers.states) == [OTHER_VM]
    assert [agent.name for agent in parts.state.agents.values()] == ["bob"]
    assert parts.memory.rows[agent_of(OTHER_VM)].destroyed_at is None


async def test_no_commit_is_made_unless_one_is_asked_for() -> None:
    parts, dispatcher = three_workers()
    await outcome(parts, dispatcher, VM)
    assert not any(call.startswith("commit") for call in parts.vers.calls)


@pytest.mark.parametrize("kind", [AgentKind.LIEUTENANT, AgentKind.ARCHITECT])
async def test_whoever_is_no_worker_is_never_among_them_and_then_nobody_is_touched(kind: AgentKind) -> None:
    parts, dispatcher = three_workers()
    parts.state.put_agent(replace(agent_on(OTHER_VM, "boss"), kind=kind))
    receipt, _ = await outcome(parts, dispatcher, VM, OTHER_VM)
    assert receipt.stage is Stage.FAILED and f"boss is no worker but {kind.value}" in receipt.reason
    assert not any(call.startswith("delete") for call in parts.vers.calls)


async def test_a_vm_of_nobody_and_the_host_of_the_services_are_refused() -> None:
    parts, dispatcher = three_workers()
    parts.state.note_host(THIRD, "the registry says that it is infra")
    receipt, _ = await outcome(parts, dispatcher, VM, THIRD)
    assert "hosts the services" in receipt.reason
    del parts.state.agents[agent_of(OTHER_VM)]
    parts.state.changed()
    receipt, _ = await outcome(parts, dispatcher, OTHER_VM)
    assert "no worker lives on VM" in receipt.reason
    assert len(parts.vers.states) == 3
