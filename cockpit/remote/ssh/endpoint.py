"""Where a VM's SSH server is, and under which name its host key is pinned."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tls:
    """SSH travels inside TLS. The certificate is always verified."""

    server_name: str
    """Sent as SNI, and what the certificate must prove."""
    ca_file: str | None = None
    """PEM file of the only authorities to trust; None means the system's store."""


@dataclass(frozen=True, slots=True)
class SshEndpoint:
    """An SSH server."""

    host: str
    port: int
    username: str
    identity: str
    """The name under which the host key is pinned: the VM's id, never an address that may be given to another VM."""
    tls: Tls | None = None
    called: str = ""
    """How it is called in messages; empty for the VM that `identity` names."""

    @property
    def local(self) -> bool:
        """Whether the way there does not leave this machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def kind(self) -> str:
        """What it is, in a word."""
        return "host" if self.called else "VM"

    @property
    def named(self) -> str:
        """How messages name it."""
        return self.called or f"VM {self.identity}"

    def __str__(self) -> str:
        way = f" as {self.tls.server_name} inside TLS" if self.tls else ""
        return f"{self.named} at {self.host}:{self.port}{way}"
