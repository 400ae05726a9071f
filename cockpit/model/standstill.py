"""Stopping everything: whom it is about, what proves that an agent stopped, and how the outcome is said."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.model.commands.swarm import STOP_BOUND, ContinueAll, StopAll
from cockpit.model.fleet import ActivityState, Agent, Fleet, LinkState, Power, ProcessState
from cockpit.model.ids import VmId
from cockpit.model.operation import Part
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import reached
from cockpit.model.reduce.activity import BETWEEN_RUNS, BUSY, base_state

STOPPED, FROZEN, PAUSED, UNREACHABLE, MAKING, CONTINUED, GONE = (
    "stopped",
    "frozen",
    "paused before",
    "unreachable",
    "being made",
    "continued",
    "gone",
)
"""What may become of an agent. `frozen`: its VM was paused, since it did not prove that it stopped."""


def to_stop(fleet: Fleet) -> tuple[VmId, ...]:
    """Return the VMs of all agents of this account, without those that host the services."""
    hosts = {vm.id for vm in fleet.vms if vm.hosts_services}
    found = (agent.vm_id for agent in fleet.agents if not agent.elsewhere and agent.vm_id not in hosts)
    return tuple(dict.fromkeys(found))


def stop_orders(fleet: Fleet, bound: float = STOP_BOUND) -> tuple[StopAll, ...]:
    """Return the commands that stop everything: one for each source that has agents."""
    return tuple(StopAll(vms, bound) for vms in _by_source(to_stop(fleet), fleet))


def continue_orders(fleet: Fleet) -> tuple[ContinueAll, ...]:
    """Return the commands that continue what was frozen: one for each source that has any."""
    return tuple(ContinueAll(vms) for vms in _by_source(sorted(fleet.frozen), fleet))


def _by_source(vms: Iterable[VmId], fleet: Fleet) -> list[tuple[VmId, ...]]:
    source_of = {agent.vm_id: agent.source for agent in fleet.agents} | {vm.id: vm.source for vm in fleet.vms}
    found: dict[str, list[VmId]] = {}
    for vm_id in vms:
        found.setdefault(source_of.get(vm_id, ""), []).append(vm_id)
    return [tuple(of_one) for of_one in found.values()]


def proof(agent: Agent, power: Power, aborted: Receipt | None) -> str:
    """Return what proves that an agent does nothing any more, or empty text.

    An agent answers an abort once its run has ended, so what counts is its answer to ours, and what it wrote since.

    Args:
        agent: as it is known now.
        power: of its VM.
        aborted: the receipt of the abort that was sent to it; None if none was.
    """
    if power is Power.DEAD:
        return "its VM is dead"
    if agent.process.state is ProcessState.DEAD and agent.link.state is LinkState.UP:
        return "its process is dead"
    if aborted is None or not reached(aborted, Stage.ACCEPTED) or _is_active(agent):
        return ""
    return "it answered the abort, and no run is open"


def _is_active(agent: Agent) -> bool:
    """Say whether an agent does anything by itself, or is about to."""
    state = base_state(agent.activity)
    return agent.run_open or state in BUSY or state is ActivityState.STARTING or agent.activity.detail in BETWEEN_RUNS


def words_of(parts: Iterable[Part], outcomes: Iterable[str]) -> str:
    """Count parts by their outcome, and name them: `2 stopped (ada, bob) · 1 frozen (cid)`."""
    known = list(parts)
    said = []
    for outcome in outcomes:
        names = [part.target for part in known if part.outcome == outcome]
        if names:
            said.append(f"{len(names)} {outcome} ({', '.join(names)})")
    return " · ".join(said) or "nobody"


def stopped_words(parts: Iterable[Part]) -> str:
    """Say what stopping everything came to."""
    return words_of(parts, (STOPPED, FROZEN, PAUSED, UNREACHABLE, MAKING))


def continued_words(parts: Iterable[Part]) -> str:
    """Say what continuing everything came to."""
    return words_of(parts, (CONTINUED, FROZEN, UNREACHABLE, GONE))
