"""What VMs, disks and commits cost beside tokens: hours that were seen, and money where prices are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cockpit.model.fleet import Fleet, Power
from cockpit.model.ids import VmId
from cockpit.model.kept import KeptFor
from cockpit.model.size import VmSize

HOUR = 3600.0
GIB = 1024.0
"""MiB of one."""

RUNS = (Power.RUNNING, Power.BOOTING)
"""A VM in one of these has its processors; in any other one that exists it has its disk alone."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What the platform takes, in US dollars; None where nobody said: then there are hours only."""

    vm_hour: float | None = None
    """An hour of any VM that runs."""
    vcpu_hour: float | None = None
    memory_gib_hour: float | None = None
    disk_gib_hour: float | None = None
    """Of every VM that exists, also of a paused one."""
    commit_gib_hour: float | None = None

    @property
    def known(self) -> bool:
        """Whether any is set."""
        return self != Prices()


@dataclass(frozen=True, slots=True)
class VmNow:
    """A VM at the moment of a look."""

    vm: VmId
    name: str
    created_at: float
    runs: bool
    size: VmSize


@dataclass(frozen=True, slots=True)
class VmSpan:
    """A time in which a VM was, or was not, running."""

    vm: VmId
    name: str
    began: float
    ended: float
    runs: bool
    size: VmSize
    unseen: float = 0.0
    """Seconds of it in which no cockpit looked: it is taken to have been as it was found before and after."""


@dataclass(frozen=True, slots=True)
class MachineSum:
    """What the machines of a fleet were, and cost."""

    running_hours: float = 0.0
    stopped_hours: float = 0.0
    """Hours of VMs that exist and do not run: their disks stay."""
    unseen_hours: float = 0.0
    """Those of both in which no cockpit looked."""
    vcpu_hours: float = 0.0
    memory_gib_hours: float = 0.0
    disk_gib_hours: float = 0.0
    unsized: int = 0
    """VMs of which nobody told the size."""
    commits: int = 0
    """Commits that this cockpit keeps, without those below."""
    undo_copies: int = 0
    commit_gib_hours: float = 0.0
    """By the size of the disk they were taken of: they take no more."""
    cost: float | None = None
    """US dollars; None where no price is set."""


def looks_of(fleet: Fleet) -> tuple[VmNow, ...]:
    """Return what there is to be counted of the VMs now; one that is in doubt, or gone, is left out."""
    names = {agent.vm_id: agent.name for agent in fleet.agents}
    return tuple(
        VmNow(vm.id, names.get(vm.id, vm.label), vm.created_at, vm.power in RUNS, vm.size)
        for vm in fleet.vms
        if not vm.doubt and vm.power not in (Power.GONE, Power.UNKNOWN)
    )


def machine_sum(spans: Iterable[VmSpan], fleet: Fleet, prices: Prices, since: float, now: float) -> MachineSum:
    """Return what machines were and cost since a moment (unix seconds)."""
    running = stopped = unseen = vcpus = memory = disk = 0.0
    unsized: set[VmId] = set()
    for span in spans:
        length = span.ended - span.began
        hours = max(0.0, min(span.ended, now) - max(span.began, since)) / HOUR
        if not hours or length <= 0:
            continue
        unseen += hours * min(1.0, span.unseen / length)
        disk += hours * span.size.disk_mib / GIB
        if span.runs:
            running += hours
            vcpus += hours * span.size.vcpus
            memory += hours * span.size.memory_mib / GIB
        else:
            stopped += hours
        if not span.size.disk_mib:
            unsized.add(span.vm)
    kept = [one for one in fleet.kept if one.commit is not None]
    commits = sum(
        max(0.0, now - max(one.at, since)) / HOUR * one.size.disk_mib / GIB for one in kept if one.size is not None
    )
    undo = sum(one.purpose is KeptFor.UNDO for one in kept)
    parts = (
        (prices.vm_hour, running),
        (prices.vcpu_hour, vcpus),
        (prices.memory_gib_hour, memory),
        (prices.disk_gib_hour, disk),
        (prices.commit_gib_hour, commits),
    )
    cost = sum(price * amount for price, amount in parts if price is not None) if prices.known else None
    return MachineSum(
        running, stopped, unseen, vcpus, memory, disk, len(unsized), len(kept) - undo, undo, commits, cost
    )
