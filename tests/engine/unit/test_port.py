"""One contract for whoever stands behind the port: the engine, and the double that verbs are tested on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cockpit.engine.engine import Engine
from cockpit.engine.port import HeadlessPort
from cockpit.errors import NotFound, UsageError
from cockpit.model.commands.agent import Prompt
from cockpit.model.fleet import Agent, Power, Vm
from cockpit.model.ids import AgentId, VmId, agent_of
from cockpit.model.receipts.receipt import Stage
from tests.cli.double import HeadlessDouble, fleet_of
from tests.engine.unit.parts import OTHER_VM, VM, Parts, agent_on

EMPTY_VM = VmId("cccccccc-0000-4000-8000-000000000003")
"""A VM without an agent."""

Make = Callable[[tuple[Agent, ...]], HeadlessPort]


def engine_with(agents: tuple[Agent, ...]) -> HeadlessPort:
    """Return the engine over doubles of store, API and services."""
    parts = Parts()
    engine = Engine((parts.source(),), parts.store, clock=parts.clock)
    for vm_id in (*(agent.vm_id for agent in agents), EMPTY_VM):
        engine.fleet_state.put_vm(Vm(vm_id, Power.RUNNING))
    for agent in agents:
        engine.fleet_state.put_agent(agent)
    return engine


def double_with(agents: tuple[Agent, ...]) -> HeadlessPort:
    """Return the tests' double."""
    vms = tuple(Vm(vm_id, Power.RUNNING) for vm_id in (*(agent.vm_id for agent in agents), EMPTY_VM))
    return HeadlessDouble(fleet_of(agents, vms=vms))


MAKERS = pytest.mark.parametrize("make", [engine_with, double_with])


@MAKERS
async def test_an_agent_is_found_by_name_and_by_id(make: Make) -> None:
    port = make((agent_on(VM, "ada"), agent_on(OTHER_VM, "bob")))
    assert port.agent_named("ada").id == port.agent_named(str(VM).upper()).id == agent_of(VM)
    assert port.vm_named("bob") == (OTHER_VM, "bob") == port.vm_named(OTHER_VM)
    assert port.vm_named(EMPTY_VM) == (EMPTY_VM, EMPTY_VM)


@MAKERS
async def test_who_is_not_there_is_said_with_those_who_are(make: Make) -> None:
    port = make((agent_on(VM, "ada"), agent_on(OTHER_VM, "bob")))
    for find in (port.agent_named, port.vm_named):
        with pytest.raises(NotFound) as raised:
            find("eve")
        assert raised.value.hint == "agents here: ada, bob"
    with pytest.raises(NotFound, match="none"):
        make(()).agent_named("eve")


@MAKERS
async def test_a_name_of_two_is_never_guessed(make: Make) -> None:
    port = make((agent_on(VM, "ada"), agent_on(OTHER_VM, "ada")))
    for find in (port.agent_named, port.vm_named):
        with pytest.raises(UsageError, match="2 agents are called ada"):
            find("ada")
    assert port.agent_named(OTHER_VM).vm_id == OTHER_VM


@MAKERS
async def test_a_notice_is_in_the_snapshot_once_and_whoever_waits_hears_of_it(make: Make) -> None:
    port = make(())
    before = port.revision
    port.notice("look here")
    port.notice("look here")
    assert await port.until(lambda: port.revision != before, 1.0)
    assert port.fleet.notices == ("look here",)
    assert not await port.until(lambda: port.revision < before, 0.01)


@MAKERS
async def test_a_refused_command_has_a_receipt_at_once_and_an_outcome(make: Make) -> None:
    port = make(())
    command = Prompt(AgentId("nobody"), "hello")
    assert port.disabled_reason(command)
    command_id = port.dispatch(command)
    assert [receipt.id for receipt in port.fleet.receipts] == [command_id]
    receipt = await port.outcome(command_id, timeout=1.0)
    assert (receipt.stage, receipt.reason) == (Stage.FAILED, port.disabled_reason(command))
    port.dismiss(command_id)
    assert port.fleet.receipts[0].stage is Stage.DISMISSED


@MAKERS
async def test_nobody_is_attached_and_nothing_recorded_at_first(make: Make) -> None:
    port = make((agent_on(VM, "ada"),))
    assert not port.output.is_attached(agent_of(VM)) and not port.output.is_up_to_date(agent_of(VM))
    assert port.recorded.notices == () and await port.recorded.agents() == ()
    assert [record async for record in port.recorded.lines(agent_of(VM))] == []
