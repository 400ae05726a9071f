"""Where a team's services listen."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass

from cockpit.errors import UsageError

PORT = 3000
"""The port agents of the field expect the services at."""


@dataclass(frozen=True, slots=True)
class BindAddress:
    """An address to listen on."""

    host: str
    """A literal address."""
    port: int

    @property
    def is_loopback(self) -> bool:
        """Say whether nobody beyond this machine can reach it."""
        address = ipaddress.ip_address(self.host)
        mapped = getattr(address, "ipv4_mapped", None)
        return (mapped or address).is_loopback

    @property
    def is_everywhere(self) -> bool:
        """Say whether it is every address of this machine."""
        return ipaddress.ip_address(self.host).is_unspecified

    def url(self, scheme: str) -> str:
        """Return the address as others write it; this machine's name stands for every address."""
        host = socket.gethostname() if self.is_everywhere else f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"


def bind_address(text: str) -> BindAddress:
    """Return the address that a text means: `HOST`, `HOST:PORT`, `[IPV6]:PORT`, `::` for every one.

    Raises:
        UsageError: it is none, or its name is unknown.
    """
    found = re.fullmatch(r"(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:\[\]]+))(?::(?P<port>\d{1,5}))?", text.strip(), re.ASCII)
    if found is not None:
        host, port = found["six"] or found["host"], int(found["port"] or PORT)
    else:
        # An IPv6 address without brackets has no port.
        host, port = text.strip(), PORT
    try:
        literal = str(ipaddress.ip_address(host))
    except ValueError:
        literal = _resolved(host, text) if found is not None and not found["six"] else ""
    if not literal or port > 65535:
        raise UsageError(
            f"--bind is {text!r}, and that is no address", hint="write 127.0.0.1:3000, [::1]:3000, 0.0.0.0 or ::"
        )
    return BindAddress(literal, port)


def _resolved(name: str, text: str) -> str:
    try:
        return str(socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)[0][4][0])
    except (OSError, UnicodeError) as error:
        raise UsageError(f"--bind is {text!r}, and {name} is not known here", hint="give an address") from error
