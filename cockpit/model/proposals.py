"""What an agent that is taken over may be called, and how it is made out, where the operator does not say."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from cockpit.model.claims import ClaimedBy
from cockpit.model.fleet import AgentKind, Fleet
from cockpit.model.ids import VmId
from cockpit.model.names import fault_of, numbered_from, usable_name


def proposed_name(vm_id: VmId, fleet: Fleet, directory: str = "") -> str:
    """Return a name for the agent of a VM that nobody has: what others call it, else one made of its directory.

    Args:
        vm_id: the VM.
        fleet: says what others call it, and which names are taken.
        directory: where it lives; empty takes the place where a look found it.
    """
    look = next((look for look in fleet.looks if look.vm == vm_id), None)
    place = directory or (look.found[0][0] if look is not None and look.found else "")
    last = place.rstrip("/").rpartition("/")[2].strip("~")
    fallback = f"{last}-{vm_id[:8]}" if last and not fault_of(f"{last}-{vm_id[:8]}") else f"vm-{vm_id[:8]}"
    name = next((name for name in _said(vm_id, fleet) if name and not fault_of(name)), fallback)
    return free_name(name, fleet)


def free_name(name: str, fleet: Fleet) -> str:
    """Return a name, or the first of the form `NAME-2` that nobody here has."""
    taken = {agent.name for agent in fleet.agents if not agent.elsewhere}
    return next(made for made in chain((name,), numbered_from(name, 2)) if made not in taken)


def proposed_kind(vm_id: VmId, fleet: Fleet) -> AgentKind:
    """Return the part that others say the agent of a VM plays; a lieutenant where nobody says."""
    said = (claim.kind for claim in fleet.claims if claim.vm == vm_id and claim.kind)
    return AgentKind(next(said, AgentKind.LIEUTENANT.value))


def _said(vm_id: VmId, fleet: Fleet) -> Iterator[str]:
    """Yield what others call the agent of a VM, the registry first."""
    order = list(ClaimedBy)
    for claim in sorted(fleet.claims, key=lambda claim: order.index(claim.by)):
        if claim.vm == vm_id and claim.name != usable_name("", vm_id):
            yield claim.name
    for look in fleet.looks:
        if look.vm == vm_id:
            yield look.name
    vm = fleet.vm(vm_id)
    if vm is not None:
        yield vm.label
