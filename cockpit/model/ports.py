"""Ports on VMs: what listens there, which of them everybody can reach, and the local addresses that lead there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.model.ids import VmId

MOST_PORT = 65535

LOOPBACK = ("127.", "::1")
"""How addresses begin that only the machine itself can reach."""


@dataclass(frozen=True, slots=True)
class ListeningPort:
    """One port of a VM on which something listens."""

    port: int
    addresses: tuple[str, ...]
    """Those it takes connections to."""
    program: str = ""
    """The name of the process; empty where nobody could tell."""
    process_id: int | None = None
    bridged: bool = False
    """A bridge of ours takes what comes over IPv6."""

    @property
    def ipv4_only(self) -> bool:
        """Nobody who comes over IPv6 reaches it."""
        return not any(":" in address for address in self.addresses)

    @property
    def from_outside(self) -> bool:
        """Whoever comes to the VM over IPv6 reaches it, as the platform's proxy does."""
        return any(":" in address and not address.startswith(LOOPBACK) for address in self.addresses)


@dataclass(frozen=True, slots=True)
class Ports:
    """What listens on a VM, and what the platform does with it."""

    vm: VmId
    listeners: tuple[ListeningPort, ...]
    """By port."""
    host: str = ""
    """The VM's name in public; empty where the platform gives none."""
    routed: tuple[int, ...] = ()
    """The ports that everybody reaches by that name."""

    def public(self, port: int) -> str:
        """Return the public address of a port, or empty text if the platform does not route it."""
        return public_address(self.host, port) if port in self.routed else ""


def public_address(host: str, port: int) -> str:
    """Return where the platform serves a port of a VM: its edge speaks TLS, and its 443 is the VM's 80."""
    return f"https://{host}" if port == 80 else f"https://{host}:{port}"


def advice(listener: ListeningPort, ports: Ports) -> str:
    """Say who reaches a port that the platform routes, and what to do where nobody does; empty text for others."""
    address = ports.public(listener.port)
    if not address:
        return ""
    if listener.from_outside:
        return f"open to everybody at {address}, with no password before it"
    alone = "IPv4 alone" if listener.ipv4_only else "the VM itself alone"
    return (
        f"it listens on {alone}, so {address} does not reach it: let it listen on `::`, or bridge it; "
        "either opens it to everybody"
    )


@dataclass(frozen=True, slots=True)
class PortForward:
    """A local address that leads to a port of a VM, for as long as the cockpit that opened it runs."""

    vm: VmId
    name: str
    """How the VM is called."""
    port: int
    local: int
    """The port of 127.0.0.1."""
    since: float = 0.0
    connections: int = 0
    """Open now."""
    served: int = 0
    """All that were carried."""
    refused: int = 0
    hindrance: str = ""
    """Why nothing is heard of the VM now, so that nothing is carried; empty where all goes on."""
    trouble: str = ""
    """Why the last connection was refused; empty once one was carried since."""

    @property
    def address(self) -> str:
        """What is typed into a browser or a client, without its `http://`."""
        return f"127.0.0.1:{self.local}"


def forward_meant(forwards: Sequence[PortForward], vm: VmId, local: int, port: int = 0) -> PortForward | None:
    """Return the forward of a VM with a local port, None if there is none.

    Args:
        local: the port here; 0 takes the one that leads longest to `port`.
        port: the port of the VM; without it, `local` alone tells.
    """
    return next((one for one in forwards if one.vm == vm and (one.local == local if local else one.port == port)), None)
