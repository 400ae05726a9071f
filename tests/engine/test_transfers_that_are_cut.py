"""Files carried over a real SSH server whose line is cut again and again arrive byte for byte."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.engine.files import course as course_module
from cockpit.engine.files.agent_files import AgentFiles
from cockpit.engine.streams.session import AgentSession
from cockpit.model.files.transfer import Carriage, Direction, TransferState
from cockpit.remote.ssh.connection import Connection
from tests.engine.unit.parts import AGENT, Parts
from tests.remote.files.test_contract import SERVERS
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.relays import Relay
from tests.remote.sshd import Sshd

SIZE = 6_000_000
"""Bytes of the large file: several pieces, whatever the pace."""

CUTS = 3


class Link:
    """The link of an agent over a line that is cut: it connects anew whenever it is asked for."""

    def __init__(self, sshd: Sshd, relay: Relay) -> None:
        self.link = self
        self.connects = 0
        self._sshd = sshd
        self._relay = relay
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()

    async def ready(self, limit: float) -> Connection:
        """Return the open connection."""
        async with self._turn:
            if self._connection is None or self._connection.closed:
                endpoint = replace(self._sshd.endpoint(), port=self._relay.port)
                connection = Connection(endpoint, self._sshd.private_key, MemoryHostKeys())
                await connection.connect()
                self.connects, self._connection = self.connects + 1, connection
            return self._connection

    async def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            await self._connection.close()


@pytest.fixture(params=["SFTP", "none"])
async def line(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Link, Relay]]:
    """A line to a server of each kind."""
    server = Sshd(tmp_path / "sshd", *SERVERS[request.param])
    server.start()
    try:
        async with Relay(server.endpoint().port) as relay:
            link = Link(server, relay)
            yield link, relay
            await link.close()
    finally:
        server.stop()


def fill(place: Path) -> dict[str, bytes]:
    """Make a tree with a large file, small ones and an empty one; return the content of each."""
    contents = {"large": os.urandom(SIZE), "sub/empty": b"", "sub/deep/\u6f22 name": os.urandom(70_000)}
    contents |= {f"sub/{number}": os.urandom(number * 1000) for number in range(1, 20)}
    for name, content in contents.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return contents


def held(place: Path) -> dict[str, bytes]:
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


async def carried_over_cuts(made: AgentFiles, relay: Relay, order: Carriage, total: int) -> None:
    """Carry out an order; the line is cut each time that another part of all bytes went over it."""
    relay.cuts_at = [relay.carried + total * part // (CUTS + 1) for part in range(1, CUTS + 1)]
    ended = await asyncio.wait_for(made.wait(made.begin(order)), 60)
    assert ended.state is TransferState.DONE, (ended.reason, ended.left_out)
    assert not relay.cuts_at


def parts_left(place: Path) -> list[Path]:
    return list(place.rglob(".cockpit-*"))


@pytest.mark.parametrize("way", [Direction.GET, Direction.PUT])
async def test_a_tree_arrives_whole_over_a_line_that_is_cut(
    way: Direction, line: tuple[Link, Relay], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(course_module, "PAUSE", 0.01)
    link, relay = line
    workspace, here = tmp_path / "workspace", tmp_path / "here"
    workspace.mkdir()
    here.mkdir()
    source, target = (workspace, here) if way is Direction.GET else (here, workspace)
    (source / "tree").mkdir()
    contents = fill(source / "tree")
    made = AgentFiles(
        Parts().state, lambda agent: cast(AgentSession, link), lambda agent: AgentPaths("/nowhere", str(workspace))
    )
    relay.delay = 0.004
    order = Carriage(way, AGENT, "tree", here / "tree")
    await carried_over_cuts(made, relay, order, sum(map(len, contents.values())))
    assert held(target / "tree") == contents
    assert link.connects > CUTS and not parts_left(tmp_path)
    await made.close()
