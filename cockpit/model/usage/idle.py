"""Idle agents: whose VM can be paused without taking anything from anybody."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.dwelling import its_words
from cockpit.model.fleet import ActivityState, Agent, Fleet, LinkState, Power, ProcessState
from cockpit.model.ids import VmId
from cockpit.model.queue import counted

AT_REST = (ActivityState.IDLE, ActivityState.DONE_UNSEEN, ActivityState.ABORTED)
"""What an agent is in when nothing of it goes on and nobody is asked anything."""


def idle_since(agent: Agent) -> float | None:
    """Return since when an agent does nothing and waits for nothing, in unix seconds; None if that is not so."""
    activity = agent.activity
    if activity.state not in AT_REST or agent.run_open or activity.dialogs or activity.tools or sum(counted(agent)):
        return None
    return max(activity.since, agent.last_event_at or 0.0)


def why_not_idle(vm_id: VmId, fleet: Fleet) -> str:
    """Say why a VM is not to be paused for idleness, or return empty text."""
    vm = fleet.vm(vm_id)
    if vm is None or vm.power is not Power.RUNNING or vm.doubt:
        return f"{its_words(vm)} is not running"
    if vm.hosts_services:
        return "it hosts the services"
    agents = [agent for agent in fleet.agents if agent.vm_id == vm_id]
    if not agents:
        return "no agent of it is known"
    for agent in agents:
        if agent.elsewhere or agent.link.state is not LinkState.UP or agent.process.state is not ProcessState.ALIVE:
            return f"what {agent.name} does is not known for sure"
        if idle_since(agent) is None:
            return f"{agent.name} is not idle"
    if any(forward.vm == vm_id for forward in fleet.forwards):
        return "a port of it is forwarded"
    return ""


def idle_vms(fleet: Fleet, after: float, now: float) -> Iterator[tuple[VmId, float]]:
    """Yield the VMs whose agents have all been idle for so many seconds, each with for how long."""
    for vm in fleet.vms:
        if why_not_idle(vm.id, fleet):
            continue
        since = max(idle_since(agent) or now for agent in fleet.agents if agent.vm_id == vm.id)
        if now - since >= after:
            yield vm.id, now - since
