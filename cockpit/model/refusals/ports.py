"""Why nothing can be done on a VM now, and why a command about its ports is refused."""

from __future__ import annotations

from cockpit.model.commands.ports import EndBridge, EndForward, OpenBridge, OpenForward, PortCommand
from cockpit.model.dwelling import it_words, reached_words, whose_words
from cockpit.model.fleet import Fleet, LinkState, Power
from cockpit.model.ids import VmId
from cockpit.model.ports import MOST_PORT, forward_meant
from cockpit.model.refusals.grounds import Refusal, RefusalCode, of_another_account
from cockpit.model.refusals.vm import of_plain_host


def of_reach(vm_id: VmId, fleet: Fleet) -> Refusal | None:
    """Return why a VM cannot be reached into, or None: what is still being tried is no reason."""
    agent = fleet.agent_on(vm_id)
    if (refused := of_power(vm_id, fleet)) is not None:
        return refused
    if agent is not None and agent.link.state is LinkState.DOWN:
        reason = agent.link.reason or "the link is down"
        return Refusal(
            RefusalCode.NOT_CONNECTED, f"{reached_words(agent.name, fleet.vm(vm_id))} is not connected: {reason}"
        )
    return None


def of_power(vm_id: VmId, fleet: Fleet) -> Refusal | None:
    """Return why nothing runs on a VM, or None."""
    vm, agent = fleet.vm(vm_id), fleet.agent_on(vm_id)
    called = agent.name if agent is not None else (vm.label if vm is not None else "") or vm_id
    if agent is not None and (away := of_another_account(agent)):
        return away
    if vm is None or vm.power is Power.GONE:
        return Refusal(RefusalCode.NO_VM, f"{it_words(vm)} is gone")
    if vm.power in (Power.PAUSED, Power.SLEEPING):
        return Refusal(RefusalCode.VM_POWER, f"{whose_words(called, vm)} is {vm.power.value}: resume it first")
    if vm.power is Power.DEAD:
        return Refusal(RefusalCode.VM_POWER, f"{whose_words(called, vm)} is dead")
    return None


def of_ports(command: PortCommand, fleet: Fleet, routed: tuple[int, ...]) -> Refusal | None:
    """Return why a command about ports is refused, or None.

    Args:
        routed: the ports that the platform serves to everybody.
    """
    if isinstance(command, EndForward):
        known = forward_meant(fleet.forwards, command.vm, command.local, command.port)
        return None if known is not None else Refusal(RefusalCode.ALREADY, "there is no such forward")
    if not 1 <= command.port <= MOST_PORT:
        return Refusal(RefusalCode.BAD_NUMBER, f"{command.port} is no port: 1 to {MOST_PORT}")
    target = fleet.vm(command.vm)
    if target is not None and (plain := of_plain_host(command, target, fleet)):
        return plain
    match command:
        case OpenForward(local=local) if not 0 <= local <= MOST_PORT:
            return Refusal(RefusalCode.BAD_NUMBER, f"{local} is no local port: 1 to {MOST_PORT}, or 0 for any")
        case OpenForward(vm=vm, port=port, local=0):
            same = next((one for one in fleet.forwards if (one.vm, one.port) == (vm, port)), None)
            if same is not None:
                return Refusal(RefusalCode.ALREADY, f"{same.address} leads there already")
        case OpenForward(local=local):
            taken = next((one for one in fleet.forwards if one.local == local), None)
            if taken is not None:
                return Refusal(RefusalCode.ALREADY, f"{taken.address} leads to port {taken.port} of {taken.name}")
        case OpenBridge() | EndBridge() if not routed:
            return Refusal(RefusalCode.LACKING, "VMs of this fleet have no public addresses: forward the port instead")
        case OpenBridge(port=port) if port not in routed:
            served = ", ".join(map(str, routed))
            return Refusal(
                RefusalCode.BAD_NUMBER, f"the platform routes no port {port}, only {served}: forward it instead"
            )
    return of_reach(command.vm, fleet)
