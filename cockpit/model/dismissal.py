"""What the operator may wish to hear no more of: what is perhaps ours, and agents no list of this account has."""

from __future__ import annotations

from cockpit.model.fleet import Agent, Fleet, Vm
from cockpit.model.ids import VmId

PERHAPS = "perhaps ours: "
"""Begins the evidence of a VM that is perhaps ours."""


def evidence(vm_id: VmId, fleet: Fleet) -> str:
    """Return why something that may be dismissed is shown, or empty text: then it may not be dismissed."""
    vm = fleet.vm(vm_id)
    if vm is not None and vm.perhaps_ours:
        return PERHAPS + vm.perhaps_ours
    agents = [agent for agent in fleet.agents if agent.vm_id == vm_id]
    reasons = [_why_nobodys(agent, vm, fleet) for agent in agents]
    return "; ".join(reasons) if all(reasons) else ""


def _why_nobodys(agent: Agent, vm: Vm | None, fleet: Fleet) -> str:
    if agent.elsewhere:
        return f"{agent.kind.value} {agent.name} belongs to {agent.elsewhere}"
    if agent.id in fleet.unplaced and (vm is None or vm.doubt):
        why = vm.doubt if vm is not None else "no list has it"
        return f"whose {agent.kind.value} {agent.name} was is not written down: {why}"
    return ""
