"""Fixtures: a server, ready connections to it that are closed afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from cockpit.remote.ssh.connection import Connection
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.sshd import Sshd

Connect = Callable[..., Awaitable[Connection]]


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    """A running server."""
    server = Sshd(tmp_path / "sshd", "MaxStartups 200")
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def connect(sshd: Sshd) -> AsyncIterator[Connect]:
    """Open connections to the server: `await connect(port=relay.port, keepalive_interval=0.2)`."""
    opened: list[Connection] = []
    host_keys = MemoryHostKeys()

    async def open_connection(*, port: int | None = None, **options: float) -> Connection:
        connection = Connection(sshd.endpoint(port=port), sshd.private_key, host_keys, **options)  # type: ignore[arg-type]
        opened.append(connection)
        await connection.connect()
        return connection

    yield open_connection
    for connection in opened:
        await connection.close()
