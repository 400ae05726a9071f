"""A client of the gateway for the tests: SSH inside TLS, host key pinned, certificate verified."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import asyncssh

from cockpit.embedded.gateway.certificates import VM_DOMAIN


class TlsTunnel:
    """What asyncssh dials through: a TLS connection with a chosen server name."""

    def __init__(self, port: int, authority: Path, server_name: str) -> None:
        self._port = port
        self._context = ssl.create_default_context(cafile=str(authority))
        self._server_name = server_name

    async def create_connection(self, factory: Any, _host: str, _port: int) -> Any:
        """Connect with TLS, then hand the transport to the SSH library."""
        return await asyncio.get_running_loop().create_connection(
            factory, "127.0.0.1", self._port, ssl=self._context, server_hostname=self._server_name
        )


async def connect(
    port: int, authority: Path, vm_id: str, key: str, *, host_key: str | None = None, **options: Any
) -> asyncssh.SSHClientConnection:
    """Log in to a VM."""
    known: Any = None
    if host_key is not None:
        known = ([asyncssh.import_private_key(host_key).convert_to_public()], [], [])
    return await asyncssh.connect(
        "vm",
        username="root",
        client_keys=[asyncssh.import_private_key(key)],
        known_hosts=known,
        tunnel=TlsTunnel(port, authority, f"{vm_id}.{VM_DOMAIN}"),
        config=None,
        agent_path=None,
        **options,
    )


def loopback_socket() -> socket.socket:
    """Return a socket bound to a free port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener
