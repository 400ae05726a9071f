"""Why a command about many agents at once is refused."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.model.commands.life import Destroy
from cockpit.model.commands.swarm import BestOf, ContinueAll, FanOut, ManyCommand, StopAll
from cockpit.model.dwelling import kind_words
from cockpit.model.fleet import AgentKind, Fleet
from cockpit.model.ids import VmId
from cockpit.model.refusals.grounds import NO_AGENT, Refusal, RefusalCode, of_another_account
from cockpit.model.refusals.vm import of_plain_host


def to_many(command: ManyCommand, fleet: Fleet) -> Refusal | None:
    """Return why a command would be refused now, or None."""
    match command:
        case BestOf():
            return _of_best(command, fleet)
        case FanOut():
            return _of_fan_out(command, fleet)
        case StopAll() | ContinueAll():
            return _of_all(command, fleet)
        case _:
            return _of_teardown(command.vms, fleet)


def _of_all(command: StopAll | ContinueAll, fleet: Fleet) -> Refusal | None:
    if isinstance(command, ContinueAll):
        frozen = any(vm in fleet.frozen for vm in command.vms)
        return None if frozen else Refusal(RefusalCode.ALREADY, "nothing is frozen that stopping everything froze")
    if not command.vms:
        return Refusal(RefusalCode.NO_AGENT, "there is no agent to stop")
    return _of_protected(command.vms, fleet)


def _of_best(command: BestOf, fleet: Fleet) -> Refusal | None:
    if fleet.agent_on(command.vm) is None:
        return NO_AGENT
    if not command.texts or not all(text.strip() for text in command.texts):
        return Refusal(RefusalCode.NO_TEXT, "each copy needs a text")
    return None


def _of_fan_out(command: FanOut, fleet: Fleet) -> Refusal | None:
    if not command.text.strip():
        return Refusal(RefusalCode.NO_TEXT, "there is no command to run")
    if not command.agents or any(fleet.agent(agent) is None for agent in command.agents):
        return NO_AGENT
    return None


def _of_teardown(vms: tuple[VmId, ...], fleet: Fleet) -> Refusal | None:
    if not vms:
        return Refusal(RefusalCode.NO_AGENT, "there is no worker to tear down")
    for vm_id in vms:
        there = [agent for agent in fleet.agents if agent.vm_id == vm_id]
        others = [agent for agent in there if agent.kind is not AgentKind.WORKER]
        if not there:
            return Refusal(RefusalCode.NO_AGENT, f"no worker lives on {kind_words(fleet.vm(vm_id))} {vm_id}")
        if others:
            sentence = f"{others[0].name} is no worker but {others[0].kind.value}: destroy it by its name"
            return Refusal(RefusalCode.PROTECTED, sentence)
        if away := of_another_account(there[0]):
            return away
        vm = fleet.vm(vm_id)
        if vm is not None and (plain := of_plain_host(Destroy(vm_id), vm, fleet)):
            return plain
    return _of_protected(vms, fleet)


def _of_protected(vms: Iterable[VmId], fleet: Fleet) -> Refusal | None:
    """Refuse to do to a VM that hosts the services what is done to many at once."""
    for vm in fleet.vms:
        if vm.id in vms and vm.hosts_services:
            sentence = f"VM {vm.id} hosts the services that all agents need: {vm.hosts_services}"
            return Refusal(RefusalCode.PROTECTED, sentence)
    return None
