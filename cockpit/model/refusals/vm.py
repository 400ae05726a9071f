"""Why a command about an agent's VM is refused."""

from __future__ import annotations

from cockpit.model.commands.life import Destroy
from cockpit.model.commands.ports import EndBridge, OpenBridge
from cockpit.model.commands.vm import Branch, Commit, Pause, Resume, TrustHostKey
from cockpit.model.dwelling import it_words
from cockpit.model.fleet import Fleet, LinkState, Power, Vm, is_at_work
from cockpit.model.platform import Resize, SetLabels
from cockpit.model.refusals.grounds import NO_AGENT, Refusal, RefusalCode, of_another_account
from cockpit.model.refusals.kept import of_clean_commit
from cockpit.model.size import disk_fault


def to_vm(command: Pause | Resume | Destroy | Commit | Branch | Resize | SetLabels, fleet: Fleet) -> Refusal | None:
    vm = fleet.vm(command.vm)
    agent = fleet.agent_on(command.vm)
    if agent is not None and (away := of_another_account(agent)):
        return away
    if vm is None and agent is not None and isinstance(command, Destroy):
        return None  # Whether it exists is found out by the deletion itself.
    if vm is not None and (plain := of_plain_host(command, vm, fleet)):
        return plain
    if vm is None or vm.power is Power.GONE:
        return Refusal(RefusalCode.NO_VM, f"{it_words(vm)} is gone")
    power = vm.power
    match command:
        case Pause() if power is Power.PAUSED:
            return Refusal(RefusalCode.ALREADY, "it is paused already")
        case Pause() if power is not Power.RUNNING:
            return Refusal(RefusalCode.VM_POWER, f"{it_words(vm)} is {power.value}, not running")
        case Pause(now=False, abort=False) if agent is not None and is_at_work(agent):
            return Refusal(RefusalCode.WORKING, f"{agent.name} works: abort it first, or freeze it as it is")
        case Resume() if power not in (Power.PAUSED, Power.SLEEPING):
            code = RefusalCode.ALREADY if power is Power.RUNNING else RefusalCode.VM_POWER
            return Refusal(code, f"{it_words(vm)} is {power.value}, not paused")
        case Commit(clean=True):
            return of_clean_commit(agent, power)
        case Commit() | Branch() if power not in (Power.RUNNING, Power.PAUSED):
            return Refusal(RefusalCode.VM_POWER, f"{it_words(vm)} is {power.value}")
        case Resize() if power is not Power.RUNNING:
            return Refusal(RefusalCode.VM_POWER, f"the VM is {power.value}: its disk can grow only while it runs")
        case Resize(disk_mib=wanted) if sentence := disk_fault(vm.size.disk_mib, wanted):
            return Refusal(RefusalCode.BAD_SIZE, sentence)
        case SetLabels(labels=(), removed=(), replace=False):
            return Refusal(RefusalCode.NO_TEXT, "there is no label to change")
    return None


def of_plain_host(command: object, vm: Vm, fleet: Fleet) -> Refusal | None:
    """Return why a plain SSH host cannot do what is ordered, or None."""
    if vm.source not in fleet.plain:
        return None
    match command:
        case Commit() | Branch():
            what = "an agent on it can be neither committed nor branched: there is no VM to copy"
        case Resize():
            what = "there is no VM to resize"
        case OpenBridge() | EndBridge():
            what = "no platform serves its ports to everybody: forward the port instead"
        case Destroy() if not vm.doubt:
            what = "its agents and their directories stay; end one by hand there, and it can be forgotten here"
        case _:
            return None
    return Refusal(RefusalCode.PLAIN_HOST, f"{vm.source} is a plain SSH host: {what}")


def of_trust(command: TrustHostKey, fleet: Fleet) -> Refusal | None:
    agent = fleet.agent_on(command.vm)
    if agent is None:
        return NO_AGENT
    offered = agent.link.offered_key
    if offered and offered == command.key:
        return None
    if agent.link.state is LinkState.UP:
        return Refusal(RefusalCode.ALREADY, "the host key it shows is the trusted one")
    if offered:
        return Refusal(RefusalCode.NOT_OFFERED, "it shows another host key by now: look at that one first")
    return Refusal(RefusalCode.NOT_OFFERED, "no host key of it was refused")
