"""Why a command about a workspace is refused."""

from __future__ import annotations

from cockpit.model.commands.work import RestoreFiles, WorkCommand
from cockpit.model.dwelling import reached_words, whose_words
from cockpit.model.fleet import Agent, Fleet, LinkState, Power, is_at_work
from cockpit.model.refusals.grounds import NO_AGENT, Refusal, RefusalCode, of_another_account


def to_workspace(command: WorkCommand, fleet: Fleet) -> Refusal | None:
    agent = fleet.agent(command.agent)
    if agent is None:
        return NO_AGENT
    if refused := of_another_account(agent) or out_of_reach(agent, fleet):
        return refused
    if isinstance(command, RestoreFiles) and is_at_work(agent) and not command.now:
        return Refusal(RefusalCode.WORKING, f"{agent.name} works: abort it first, for it does not know of the change")
    return None


def out_of_reach(agent: Agent, fleet: Fleet) -> Refusal | None:
    """Return why nothing can be done on an agent's VM, whether its process lives or not."""
    vm = fleet.vm(agent.vm_id)
    if vm is not None and vm.power in (Power.PAUSED, Power.SLEEPING):
        return Refusal(RefusalCode.VM_POWER, f"{whose_words(agent.name, vm)} is paused: resume it first")
    if agent.link.state not in (LinkState.UP, LinkState.SILENT):
        cause = agent.link.reason or agent.link.state.value
        return Refusal(RefusalCode.NOT_CONNECTED, f"{reached_words(agent.name, vm)} is not connected: {cause}")
    return None
