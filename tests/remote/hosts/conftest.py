"""Fixtures: a server as a plain host, with files of OpenSSH's own kind beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.remote.hosts.connection import HostConnection
from cockpit.remote.hosts.host import PlainHost
from cockpit.remote.hosts.line import HostLine
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.sshd import Sshd


def host_of(server: Sshd, directory: Path, *, trusted: bool = True, name: str = "alpha") -> PlainHost:
    """Return a server as a host of the configuration: an alias, whose place and key stand in OpenSSH's files."""
    directory.mkdir(parents=True, exist_ok=True)
    key, config, known = directory / "id", directory / "config", directory / "known_hosts"
    key.touch(mode=0o600)
    key.write_text(server.private_key)
    endpoint = server.endpoint()
    config.write_text(
        f"Host {name}-alias\n  HostName 127.0.0.1\n  Port {server.port}\n  User {endpoint.username}\n"
        f"  IdentityFile {key}\n  UserKnownHostsFile {known}\n"
    )
    known.write_text(known_line(server) if trusted else "")
    return PlainHost(name, f"{name}-alias", agent=False, config_file=str(config))


def known_line(server: Sshd) -> str:
    """Return the line of `known_hosts` for a server's key as it is now."""
    import asyncssh

    public = asyncssh.read_private_key(server.directory / "host_key").export_public_key("openssh").decode()
    return f"[127.0.0.1]:{server.port} {public}"


@pytest.fixture
def host(sshd: Sshd, tmp_path: Path) -> PlainHost:
    """The running server as a host that is trusted."""
    return host_of(sshd, tmp_path / "openssh")


@pytest.fixture
async def line(host: PlainHost) -> AsyncIterator[HostLine]:
    """The common connection to the host; it is closed afterwards."""
    keys = MemoryHostKeys()
    made = HostLine(lambda: HostConnection(host, keys))
    yield made
    await made.close()
