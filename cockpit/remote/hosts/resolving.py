"""What OpenSSH's files and a host's own settings say together of one place on the way to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import asyncssh

from cockpit.remote.errors import HostUnreachable
from cockpit.remote.hosts.host import PlainHost
from cockpit.remote.hosts.known import KnownKeys, read_known

USUAL_FILES = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
USUAL_GLOBAL_FILES = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")


@dataclass(frozen=True, slots=True)
class ResolvedPlace:
    """One place as it is connected to."""

    options: dict[str, Any]
    """For `asyncssh.connect`."""
    address: str
    port: int
    """Where its server is, as OpenSSH's files say."""
    trusted: KnownKeys
    """What known hosts say; it may be empty, but nobody is ever trusted unseen."""
    jump: str
    """`USER@HOST:PORT` words of the places before it, with commas; empty goes straight."""
    command: str
    """A command line whose standard input and output are the way; empty for none."""


async def resolve(host: PlainHost, name: str, options: dict[str, Any]) -> ResolvedPlace:
    """Return how a place is connected to.

    Args:
        host: whose settings count.
        name: the address or alias of the place: the host's own, or that of one before it.
        options: what asyncssh is told beyond what OpenSSH's files say.

    Raises:
        HostUnreachable: a file says what cannot be used, or names one that cannot be read.
    """
    try:
        found = await asyncssh.SSHClientConnectionOptions.construct(host=name, **options)
        config: Any = found.config
        trusted = read_known((host.known_hosts,) if host.known_hosts else _files(config))
    except (ValueError, OSError) as error:
        raise HostUnreachable(
            f"what is said of {host.endpoint()} cannot be used: {error}",
            hint=f"look at its table in config.toml, and at {host.config_file}",
        ) from error
    jump = "" if found.tunnel in (None, ()) else str(found.tunnel)
    if jump and "," not in jump and parse_place(jump)[1] == name:
        jump = ""  # `Host *` names the place for all others.
    command = "" if jump else config.get("ProxyCommand") or ""
    return ResolvedPlace(options | {"known_hosts": trusted}, found.host, found.port, trusted, jump, command)


def _files(config: Any) -> tuple[str, ...]:
    """Return the files of known hosts that OpenSSH would read; `none` in their place is no file, and no trust."""
    users = config.get("UserKnownHostsFile", USUAL_FILES)
    others = config.get("GlobalKnownHostsFile", USUAL_GLOBAL_FILES)
    return (*users, *others)


def parse_place(word: str) -> tuple[str, str, int]:
    """Return user, host and port of a place, said as `[ssh://][USER@]HOST[:PORT]`; empty and 0 for what is not said.

    Raises:
        HostUnreachable: it is none.
    """
    user, _, place = word.strip().removeprefix("ssh://").rpartition("@")
    name, bracket, rest = place.removeprefix("[").partition("]") if place.startswith("[") else (place, "", "")
    if not bracket and place.count(":") <= 1:
        name, colon, rest = place.partition(":")
        rest = colon + rest
    port = rest.removeprefix(":")
    if not name or (rest and not (rest.startswith(":") and port.isascii() and port.isdigit() and int(port) < 65_536)):
        raise HostUnreachable(f"{word!r} is no jump host", hint="say it as USER@HOST:PORT, an IPv6 address in []")
    return user, name, int(port or 0)
