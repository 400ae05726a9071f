"""Commands about the ports of a VM: a local address that leads there, and a bridge that opens one to everybody."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.ids import VmId


@dataclass(frozen=True, slots=True)
class OpenForward:
    """Listen on 127.0.0.1 and carry what connects there to a port of the VM."""

    vm: VmId
    port: int
    local: int = 0
    """The port here; 0 takes the same number if it is free, else any."""


@dataclass(frozen=True, slots=True)
class EndForward:
    """Listen no longer, and end what is carried."""

    vm: VmId
    local: int
    """The port here; 0 takes the one that leads longest to `port`."""
    port: int = 0


@dataclass(frozen=True, slots=True)
class OpenBridge:
    """Let a server that listens on IPv4 alone be reached through the platform: by everybody."""

    vm: VmId
    port: int


@dataclass(frozen=True, slots=True)
class EndBridge:
    """Take a bridge of ours away; the server stays as it is."""

    vm: VmId
    port: int


PortCommand = OpenForward | EndForward | OpenBridge | EndBridge
