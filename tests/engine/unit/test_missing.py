"""VMs that a list lacks: gone only with proof, doubted while there is none."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from cockpit.engine.missing import AT_ONCE, ROUND_LIMIT
from cockpit.model.fleet import Power, Vm
from cockpit.model.ids import VmId
from cockpit.vers.errors import VmNotFound
from cockpit.vers.wire import VmListing
from tests.engine.unit.control import refused
from tests.engine.unit.parts import AGENT, OTHER_VM, VM, Parts

EMPTY = VmListing(())


def vms(number: int) -> list[VmId]:
    """Return ids of VMs."""
    return [VmId(f"eeeeeeee-0000-4000-8000-{at:012d}") for at in range(number)]


async def test_a_vm_that_list_and_status_deny_is_gone_with_its_agent() -> None:
    parts = Parts()
    parts.remember(VM, "builder")
    parts.vers.states.clear()
    missing = parts.missing(parts.agent_sessions())
    assert await missing.look_for_those_not_in(EMPTY, parts.clock.now()) is True
    assert VM not in parts.state.vms and AGENT not in parts.state.agents
    (operation,) = parts.state.operations.values()
    assert (operation.verb, operation.target, operation.error) == ("gone", "builder", "")
    (step,) = operation.steps
    assert "404" in step.detail
    assert parts.memory.rows[AGENT].destroyed_at is not None
    assert parts.state.departed["builder"][0] == VM


async def test_a_vm_whose_status_answers_is_there_and_keeps_its_label() -> None:
    parts = Parts()
    missing = parts.missing(parts.agent_sessions())
    await missing.look_for_those_not_in(EMPTY, parts.clock.now())
    assert parts.state.vms[VM].power is Power.RUNNING
    assert parts.state.vms[VM].label == "builder" and not parts.state.vms[VM].doubt
    assert AGENT in parts.state.agents


async def test_a_proxys_404_proves_nothing() -> None:
    parts = Parts()
    parts.vers.errors["status"] = VmNotFound("a page of its own", status=404)
    await parts.missing(parts.agent_sessions()).look_for_those_not_in(EMPTY, parts.clock.now())
    vm = parts.state.vms[VM]
    assert vm.power is Power.UNKNOWN and "not the API’s own answer" in vm.doubt
    assert AGENT in parts.state.agents


async def test_a_list_with_a_hole_proves_nothing() -> None:
    parts = Parts()
    parts.vers.states.clear()
    await parts.missing(parts.agent_sessions()).look_for_those_not_in(VmListing((), 1), parts.clock.now())
    assert "1 of its entries cannot be read" in parts.state.vms[VM].doubt
    assert AGENT in parts.state.agents


async def test_what_was_heard_of_after_the_list_was_asked_for_is_newer_than_it() -> None:
    parts = Parts()
    parts.vers.states.clear()
    asked_at = parts.clock.now()
    parts.state.put_vm(Vm(VM, Power.RUNNING, seen_at=asked_at + 1))
    assert await parts.missing(parts.agent_sessions()).look_for_those_not_in(EMPTY, asked_at) is False
    assert parts.vers.calls == []


async def test_an_agent_of_another_account_is_not_looked_for() -> None:
    parts = Parts()
    parts.state.put_agent(replace(parts.agent, elsewhere="them"))
    del parts.state.vms[VM]
    parts.vers.states.clear()
    assert await parts.missing(parts.agent_sessions()).look_for_those_not_in(EMPTY, parts.clock.now()) is False
    assert AGENT in parts.state.agents


async def test_an_agent_that_nobody_placed_is_not_gone_because_a_list_lacks_it() -> None:
    parts = Parts()
    parts.state.unplaced.add(AGENT)
    parts.vers.states.clear()
    await parts.missing(parts.agent_sessions()).look_for_those_not_in(EMPTY, parts.clock.now())
    assert AGENT in parts.state.agents
    assert "whose it was is not written down" in parts.state.vms[VM].doubt


async def test_an_agent_that_only_the_store_remembers_is_looked_for_too() -> None:
    parts = Parts()
    del parts.state.vms[VM]
    parts.vers.errors["status"] = refused("bad gateway")
    await parts.missing(parts.agent_sessions()).look_for_those_not_in(EMPTY, parts.clock.now())
    assert parts.state.vms[VM].label == "builder" and parts.state.vms[VM].power is Power.UNKNOWN


async def test_several_are_doubted_at_once_and_one_alone_only_after_a_look() -> None:
    for number in (1, 2):
        parts = Parts()
        may_answer = asyncio.Event()
        parts.vers.wait["status"] = may_answer.wait
        if number == 2:
            parts.state.put_vm(Vm(OTHER_VM, Power.RUNNING))
            parts.vers.states[OTHER_VM] = "running"
        missing = parts.missing(parts.agent_sessions())
        looking = asyncio.create_task(missing.look_for_those_not_in(EMPTY, parts.clock.now()))
        await asyncio.sleep(1.0)
        doubt = parts.state.vms[VM].doubt
        assert doubt == ("" if number == 1 else "the list lacks it and 1 others, and it was not looked at yet")
        may_answer.set()
        await looking
        assert parts.state.vms[VM].doubt == ""


async def test_a_few_are_looked_at_at_once_and_a_round_has_an_end() -> None:
    parts = Parts()
    at_once = most = 0
    known = vms(AT_ONCE + 3)
    for vm_id in known:
        parts.state.put_vm(Vm(vm_id, Power.RUNNING))
        parts.vers.states[vm_id] = "running"

    async def hang() -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            await asyncio.sleep(1000.0)
        finally:
            at_once -= 1

    parts.vers.wait["status"] = hang
    parts.vers.hidden = set(known)
    missing = parts.missing(parts.agent_sessions())
    listing = await parts.vers.listing()
    began = parts.clock.now()
    await missing.look_for_those_not_in(listing, began)
    assert most == AT_ONCE
    assert parts.clock.now() - began < ROUND_LIMIT + 0.1
    assert all(parts.state.vms[vm_id].power is Power.UNKNOWN for vm_id in known)
    doubts = [parts.state.vms[vm_id].doubt for vm_id in known]
    assert sum("did not answer within" in doubt for doubt in doubts) == AT_ONCE
    assert sum("others took too long" in doubt for doubt in doubts) == 3
    first = {call.split()[1] for call in parts.vers.calls if call.startswith("status")}
    parts.vers.calls.clear()
    await missing.look_for_those_not_in(listing, began)
    second = [call.split()[1] for call in parts.vers.calls if call.startswith("status")]
    assert first.isdisjoint(second[:3]), "who had no turn comes first in the next round"


async def test_a_vm_that_was_destroyed_meanwhile_is_not_brought_back_by_a_doubt() -> None:
    parts = Parts()
    sessions = parts.agent_sessions()

    async def destroyed() -> None:
        await sessions.vm_gone(VM)

    parts.vers.wait["status"] = destroyed
    parts.vers.errors["status"] = refused("bad gateway")
    await parts.missing(sessions).look_for_those_not_in(EMPTY, parts.clock.now())
    assert parts.state.vms == {} and parts.state.agents == {}
