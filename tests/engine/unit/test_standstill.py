"""Stopping and continuing everything over doubles: who proves it, who is frozen, who is out of reach."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from functools import partial

import pytest

from cockpit.engine.commands.dispatcher import Dispatcher
from cockpit.engine.cut_off import CutOffCalls
from cockpit.engine.watcher import Watcher
from cockpit.model import events as ev
from cockpit.model.commands.life import Spawn
from cockpit.model.commands.swarm import ContinueAll, StopAll
from cockpit.model.fleet import AgentKind, Link, LinkState, Power, Vm
from cockpit.model.ids import OperationId, VmId, agent_of
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.standstill import to_stop
from cockpit.model.workers import workers_in
from cockpit.services.wire import RegistryEntry
from cockpit.store.errors import StoreError
from tests.engine.unit.connection import FakeConnection, Ran
from tests.engine.unit.control import refused
from tests.engine.unit.parts import OTHER_VM, VM, Connections, Parts, agent_on

THIRD = VmId("cccccccc-0000-4000-8000-000000000003")
INFRA = VmId("dddddddd-0000-4000-8000-000000000004")


async def fleet_of(parts: Parts, connections: Connections, *names: str) -> Dispatcher:
    """Attach an agent to each of some VMs, and return what takes commands."""
    places = (VM, OTHER_VM, THIRD)
    for vm_id, name in zip(places, names, strict=False):
        parts.vers.states[vm_id] = "running"
        parts.state.put_vm(Vm(vm_id, Power.RUNNING))
        parts.state.put_agent(replace(agent_on(vm_id, name), link=Link()))
    sessions = parts.agent_sessions()
    sessions.record = False
    sessions.attach_known()
    await parts.state.until(lambda: all(agent.link.state is LinkState.UP for agent in parts.state.agents.values()), 5.0)
    return parts.dispatcher(sessions)


def answers_aborts(parts: Parts, connection: FakeConnection, vm_id: VmId) -> None:
    """Let an agent answer its aborts as pi does: with the id that was sent, once its run has ended."""
    writes = connection.script

    async def run(ran: Ran) -> object:
        done = await writes(ran)
        for line in ran.stdin.splitlines():
            command = json.loads(line) if line.startswith(b"{") else {}
            if command.get("type") == "abort":
                answer = ev.Responded(command["id"], "abort", True)
                asyncio.get_running_loop().call_later(0.2, partial(parts.hears, answer, agent=agent_of(vm_id)))
        return done

    connection.script = run  # type: ignore[assignment]


async def outcome(
    parts: Parts, dispatcher: Dispatcher, command: StopAll | ContinueAll
) -> tuple[Receipt, dict[str, str]]:
    """Order something, and return its receipt at the end and what became of each agent."""
    command_id = dispatcher.dispatch(command)
    while dispatcher.under_way:
        await asyncio.gather(*dispatcher.under_way)
    (operation,) = [known for known in parts.state.operations.values() if known.id == OperationId(command_id)]
    return parts.state.receipts[command_id], {part.target: part.outcome for part in operation.parts}


async def test_who_answers_is_stopped_who_does_not_is_frozen_and_who_cannot_be_frozen_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = Parts()
    connections = Connections(monkeypatch)
    dispatcher = await fleet_of(parts, connections, "ada", "bob")
    parts.state.put_vm(Vm(THIRD, Power.RUNNING))
    parts.state.put_agent(replace(agent_on(THIRD, "cid"), link=Link(LinkState.DOWN, reason="no route")))
    answers_aborts(parts, connections.made[0], VM)

    async def unless_third() -> None:
        if parts.vers.calls[-1] == f"pause {THIRD}":
            raise refused("502 from the proxy")

    parts.vers.wait["pause"] = unless_third
    receipt, became = await outcome(parts, dispatcher, StopAll((VM, OTHER_VM, THIRD), 4.0))
    assert became == {"ada": "stopped", "bob": "frozen", "cid": "unreachable"}
    assert (parts.vers.states[VM], parts.vers.states[OTHER_VM]) == ("running", "paused")
    assert receipt.stage is Stage.FAILED
    assert "1 of 3 did not stop" in receipt.reason and "cid" in receipt.reason and "502" in receipt.reason
    assert parts.memory.frozen.kept.keys() == {OTHER_VM}, "only what was frozen is remembered"
    assert parts.state.snapshot().frozen == {OTHER_VM}


async def test_who_begins_to_work_again_after_its_answer_is_frozen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = Parts()
    connections = Connections(monkeypatch)
    dispatcher = await fleet_of(parts, connections, "ada", "bob")
    answers_aborts(parts, connections.made[0], VM)
    asyncio.get_running_loop().call_later(1.0, lambda: parts.hears(ev.RunStarted(), agent=agent_of(VM)))
    _, became = await outcome(parts, dispatcher, StopAll((VM, OTHER_VM), 4.0))
    assert became == {"ada": "frozen", "bob": "frozen"}


async def test_a_full_disk_keeps_nobody_from_being_frozen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = Parts()
    dispatcher = await fleet_of(parts, Connections(monkeypatch), "ada")
    parts.memory.refuses = "no space left on the device"
    with pytest.raises(StoreError):
        await parts.memory.frozen.add(VM, "")
    _, became = await outcome(parts, dispatcher, StopAll((VM,), 1.0))
    assert became == {"ada": "frozen"} and parts.vers.states[VM] == "paused"


async def test_what_was_frozen_is_continued_also_by_the_next_cockpit_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = Parts()
    dispatcher = await fleet_of(parts, Connections(monkeypatch), "ada", "bob")
    await outcome(parts, dispatcher, StopAll((VM,), 1.0))
    parts.vers.states[OTHER_VM] = "paused"
    parts.state.put_vm(Vm(OTHER_VM, Power.PAUSED))
    parts.state.frozen.clear()
    await parts.bring_back()
    assert parts.state.snapshot().frozen == {VM}
    receipt, became = await outcome(parts, dispatcher, ContinueAll((VM,)))
    assert receipt.stage is Stage.DONE and became == {"ada": "continued"}
    assert parts.vers.states == {VM: "running", OTHER_VM: "paused"}
    assert parts.memory.frozen.kept == {} and parts.state.snapshot().frozen == frozenset()
    receipt, _ = await refused_outcome(parts, dispatcher, ContinueAll((VM,)))
    assert "nothing is frozen" in receipt.reason


async def refused_outcome(parts: Parts, dispatcher: Dispatcher, command: StopAll | ContinueAll) -> tuple[Receipt, None]:
    """Order what is refused at once."""
    return parts.state.receipts[dispatcher.dispatch(command)], None


async def test_the_vm_that_hosts_the_services_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = Parts()
    dispatcher = await fleet_of(parts, Connections(monkeypatch), "ada")
    parts.state.put_vm(Vm(INFRA, Power.RUNNING))
    parts.state.note_host(INFRA, "the registry says that it is infra")
    receipt, _ = await refused_outcome(parts, dispatcher, StopAll((VM, INFRA)))
    assert receipt.stage is Stage.FAILED and "hosts the services" in receipt.reason
    assert parts.vers.states[VM] == "running"


async def test_the_host_of_the_services_is_known_by_the_registry_s_role_or_by_the_address_that_is_configured() -> None:
    parts = Parts()
    sessions = parts.agent_sessions()
    parts.vers.states |= {OTHER_VM: "running", THIRD: "running"}
    parts.registry.entries = [RegistryEntry(id=OTHER_VM, name="infra", role="infra")]
    source = replace(parts.source(), services_host=f"{THIRD}.TEST")
    watcher = Watcher(
        parts.state, source, sessions, CutOffCalls(parts.state, parts.store, source, parts.creations(), sessions)
    )
    await watcher.look()
    hosts = {vm.id: vm.hosts_services for vm in parts.state.snapshot().vms if vm.hosts_services}
    assert set(hosts) == {OTHER_VM, THIRD}
    assert "registry" in hosts[OTHER_VM] and "address" in hosts[THIRD]
    parts.state.put_agent(replace(agent_on(OTHER_VM, "bob"), parent_vm=VM))
    parts.state.put_agent(agent_on(THIRD, "cid"))
    fleet = parts.state.snapshot()
    assert to_stop(fleet) == (VM,) and [worker.name for worker in workers_in(fleet)] == ["builder"]
    await sessions.close()


async def test_an_agent_that_says_of_itself_that_it_is_infra_is_spared_nothing() -> None:
    parts = Parts()
    sessions = parts.agent_sessions()
    parts.registry.entries = [RegistryEntry(id=VM.upper(), name="builder", role="infra")]
    await parts.watcher(sessions).look()
    assert to_stop(parts.state.snapshot()) == (VM,)
    await sessions.close()


async def test_who_is_being_made_is_named_and_a_host_that_turns_out_late_is_not_frozen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = Parts()
    connections = Connections(monkeypatch)
    dispatcher = await fleet_of(parts, connections, "ada", "bob")
    answers_aborts(parts, connections.made[0], VM)
    asyncio.get_running_loop().call_later(1.0, lambda: parts.state.note_host(OTHER_VM, "it has the address"))
    with dispatcher._spawner.places.claimed(Spawn("cleo", AgentKind.WORKER)):
        receipt, became = await outcome(parts, dispatcher, StopAll((VM, OTHER_VM), 4.0))
    assert became == {"ada": "stopped", "bob": "unreachable", "cleo": "being made"}
    assert parts.vers.states[OTHER_VM] == "running" and parts.memory.frozen.kept == {}
    assert receipt.stage is Stage.FAILED and "cleo" in receipt.reason and "it has the address" in receipt.reason
    assert "2 of 3 did not stop" in receipt.reason


async def test_what_another_cockpit_froze_and_continued_is_taken_over_at_the_next_look() -> None:
    parts = Parts()
    sessions = parts.agent_sessions()
    await parts.memory.frozen.add(VM, "another cockpit stopped all")
    await sessions.take_up([VM])
    assert parts.state.snapshot().frozen == {VM}
    await parts.memory.frozen.forget(VM)
    parts.state.put_vm(Vm(VM, Power.PAUSED))
    await sessions.take_up([VM])
    assert parts.state.snapshot().frozen == {VM}, "it may be on its way to the store"
    parts.state.put_vm(Vm(VM, Power.RUNNING))
    await sessions.take_up([VM])
    assert parts.state.snapshot().frozen == frozenset()
    await sessions.close()
