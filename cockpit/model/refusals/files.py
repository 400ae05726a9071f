"""Why the files of an agent cannot be looked at now."""

from __future__ import annotations

from cockpit.model.dwelling import reached_words, whose_words
from cockpit.model.fleet import Fleet, LinkState, Power
from cockpit.model.ids import AgentId
from cockpit.model.refusals.grounds import NO_AGENT, Refusal, RefusalCode, of_another_account


def to_files(agent_id: AgentId, fleet: Fleet) -> Refusal | None:
    """Return why the files on an agent's VM are out of reach, or None. A dead agent's files are there all the same."""
    agent = fleet.agent(agent_id)
    if agent is None:
        return NO_AGENT
    if away := of_another_account(agent):
        return away
    vm = fleet.vm(agent.vm_id)
    if vm is not None and vm.power in (Power.PAUSED, Power.SLEEPING):
        return Refusal(RefusalCode.VM_POWER, f"{whose_words(agent.name, vm)} is {vm.power.value}: resume it first")
    if vm is not None and vm.power in (Power.DEAD, Power.GONE):
        return Refusal(RefusalCode.NO_VM, f"{whose_words(agent.name, vm)} is {vm.power.value}")
    if agent.link.state not in (LinkState.UP, LinkState.SILENT):
        cause = agent.link.reason or agent.link.state.value
        return Refusal(RefusalCode.NOT_CONNECTED, f"{reached_words(agent.name, vm)} is not connected: {cause}")
    return None
