"""What hangs on a commit besides its names: agents that go back to it, images, VMs; said before it goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cockpit.model.fleet import Fleet
from cockpit.model.images import GoldenImage
from cockpit.model.kept import KeptFor
from cockpit.model.names import vm_called


def dependants_of(commit: str, fleet: Fleet, images: Iterable[GoldenImage]) -> tuple[str, ...]:
    """Return what would be lost or changed with a commit, in sentences for a person.

    Args:
        commit: its id.
        fleet: what is known of agents and VMs.
        images: the golden images there are.
    """
    return tuple(dict.fromkeys((*_images(commit, images), *_kept(commit, fleet), *_vms(commit, fleet))))


def _images(commit: str, images: Iterable[GoldenImage]) -> Iterator[str]:
    for image in images:
        if image.commit == commit:
            yield f"it is golden image {image.name}"
        elif image.facts is not None and image.facts.origin == commit:
            yield f"golden image {image.name} ({image.commit[:8]}) was patched from it"


def _kept(commit: str, fleet: Fleet) -> Iterator[str]:
    for kept in fleet.kept:
        if kept.commit != commit:
            continue
        agent = fleet.agent_on(kept.vm)
        name = agent.name if agent is not None else kept.name
        if kept.purpose is KeptFor.CHECKPOINT:
            yield f"{name} can go back to it no more: a checkpoint before {kept.prompt[:60]!r}"
        elif kept.purpose is KeptFor.COMMIT:
            yield f"{name} can be restored from it no more"


def _vms(commit: str, fleet: Fleet) -> Iterator[str]:
    living = [vm_called(vm.id, fleet.agents, fleet.vms) for vm in fleet.vms if vm.parent_commit == commit]
    if living:
        yield f"VMs made from it, as long as which the platform keeps it: {', '.join(living)}"
