"""What a VM that is a sandbox on this machine has for itself, what it shares, and what it is kept to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SHARED = {"files": "files", "processes": "processes", "network": "the network"}
"""What may be shared, as it is called, in the order in which it is said."""
LIMITED = {"memory": "memory", "pids": "number of processes"}
"""What may be limited."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What the fleet's server says of one."""

    walls: bool = False
    """It has a /root, a /tmp and process numbers of its own."""
    shared: tuple[str, ...] = ()
    """What it has in common with this machine: words of `SHARED`; others are left out."""
    memory_mib: int = 0
    processes: int = 0
    """What the kernel keeps it to; 0 where it keeps it to nothing."""
    unlimited: Mapping[str, str] = field(default_factory=dict)
    """Why not, by the words of `LIMITED`."""

    @property
    def brief(self) -> str:
        """As a row shows it."""
        return "walls" if self.walls else "no walls"

    @property
    def sentences(self) -> tuple[str, ...]:
        """As it is read: what it has for itself, what it shares, what limits it, and what does not."""
        own = "behind walls: a /root, a /tmp and process numbers of its own" if self.walls else "without walls"
        known = [name for word, name in SHARED.items() if word in self.shared]
        both = "; shares {} with this machine".format(" and ".join(filter(None, (", ".join(known[:-1]), *known[-1:]))))
        limits = []
        if self.memory_mib:
            limits.append(f"{self.memory_mib} MiB of memory")
        if self.processes:
            limits.append(f"{self.processes} processes")
        said = [own + (both if known else "")]
        if limits:
            said.append(f"kept to {' and '.join(limits)}")
        for word, name in LIMITED.items():
            if word in self.unlimited:
                said.append(f"nothing limits its {name}: {self.unlimited[word]}")
        return tuple(said)
