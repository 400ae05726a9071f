"""What `cockpit serve` says once the embedded fleet runs: where it is, what runs on it, since when, what it costs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cockpit.embedded.endpoint import ServerEndpoint
from cockpit.embedded.inventory import Costs, RunningVm, look
from cockpit.embedded.shared import Shared, read_shared
from cockpit.model.confinement import LIMITED
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import our_line

ROWS = 13
"""VMs that one screen has room for; those that take most memory come first."""
MIB = 1024 * 1024

FOREIGN = 'for other programs: . "$(cockpit serve --env)", ssh -F "$(cockpit serve --ssh-config)" VM_ID'


@dataclass(frozen=True, slots=True)
class Inventory:
    """A fleet that runs."""

    root: Path
    endpoint: ServerEndpoint
    costs: Costs
    shared: Shared | None
    """None for a server of an earlier version."""
    now: float

    def object(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        where = {name: getattr(self.endpoint, name) for name in ("base_url", "ssh_host", "ssh_port", "pid")}
        served = {"root": str(self.root), "seconds": round(self.now - self.endpoint.started_at)}
        vms = [asdict(vm) for vm in self.costs.vms]
        commits = {"commits": self.costs.commits, "commit_bytes": self.costs.commit_bytes}
        said = self.shared
        walls = {"walls": said and said.walls, "shared_because": said and said.because}
        limits = {"unlimited": said and said.unlimited}
        return {
            **where,
            **served,
            **walls,
            **limits,
            "vms": vms,
            **commits,
            "server_memory_bytes": self.costs.server_bytes,
        }

    def lines(self) -> Iterator[Clean]:
        """Yield it as one screen of lines."""
        at, costs = self.endpoint, self.costs
        yield our_line("serving at {}, SSH at {}:{} (pid {})", at.base_url, at.ssh_host, at.ssh_port, at.pid)
        yield our_line(
            "  since {}, in {}; the server takes {}",
            _span(self.now - at.started_at),
            str(self.root),
            _size(costs.server_bytes),
        )
        yield _shared(self.shared)
        most = sorted(costs.vms, key=lambda vm: (-vm.memory_bytes, vm.vm_id))
        for vm in most[:ROWS]:
            yield _row(vm)
        if len(most) > ROWS:
            yield our_line("  … and {} more that take less; --json has all", len(most) - ROWS)
        yield our_line(
            "  {}: {}, {} of memory, {} on disk; {}: {}",
            _counted(len(most), "VM", "VMs"),
            _counted(sum(vm.processes for vm in most), "process", "processes"),
            _size(sum(vm.memory_bytes for vm in most)),
            _size(sum(vm.disk_bytes for vm in most)),
            _counted(costs.commits, "commit", "commits"),
            _size(costs.commit_bytes),
        )
        yield from _unlimited(self.shared)
        yield our_line("  {}", FOREIGN)


def inventory(root: Path, endpoint: ServerEndpoint) -> Inventory:
    """Look at a fleet that runs."""
    shared = read_shared(root, endpoint.pid) if endpoint.tells_shared else None
    return Inventory(root, endpoint, look(root, endpoint.pid), shared, time.time())


def _shared(said: Shared | None) -> Clean:
    """Say what the VMs that are made now have for themselves, and what they share."""
    if said is not None and said.walls:
        own = "a new VM has its own /root, /tmp and process numbers (unless --walls off)"
        return our_line("  {}; all share this machine's network", own)
    reason = "its server is of an earlier version" if said is None else said.because
    return our_line("  VMs share this machine's files, processes and network: {}", reason)


def _unlimited(said: Shared | None) -> Iterator[Clean]:
    """Say what keeps a VM that is made now from taking all of this machine, and what does not."""
    if said is None or said.unlimited is None:
        yield ours("  nothing limits a VM's memory and number of processes: its server is of an earlier version")
        return
    reasons = {LIMITED[word]: said.unlimited[word] for word in LIMITED if word in said.unlimited}
    if not reasons:
        yield ours("  a new VM is kept to the memory that it was made with, and to a number of processes")
    for reason in dict.fromkeys(reasons.values()):
        what = " and ".join(name for name, why in reasons.items() if why == reason)
        yield our_line("  nothing limits a VM's {}: {}", what, reason)


def _row(vm: RunningVm) -> Clean:
    age = "?" if vm.seconds is None else _span(vm.seconds)
    told = f"{vm.state:8} {age:>7} {vm.processes:>4} {'process' if vm.processes == 1 else 'processes':9}"
    costs = f"{_size(vm.memory_bytes):>9} {_size(vm.disk_bytes):>9} disk"
    whose = f"{vm.agent} of {vm.owner}".strip() if vm.owner else vm.agent
    return our_line("  {}  {} {}  {}", vm.vm_id, told, costs, whose)


def _counted(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _size(number: int) -> str:
    return f"{number / MIB / 1024:.1f} GiB" if number >= 1024 * MIB else f"{number / MIB:.1f} MiB"


def _span(seconds: float) -> str:
    whole = max(0, int(seconds))
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if whole >= unit:
            return f"{whole // unit} {name}"
    return f"{whole} s"
