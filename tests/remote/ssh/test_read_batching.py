"""Streams that nobody waits for are read in common rounds; what somebody waits for, and an end, is never late."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.remote.ssh.connection import Connection
from cockpit.remote.ssh.endpoint import SshEndpoint, Tls
from cockpit.remote.ssh.read_batching import PART, SLICE, ReadBatching
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.reading import Reading
from tests.remote.relays import Relay, TestAuthority
from tests.remote.sshd import Sshd
from tests.remote.waiting import until

NEVER = 600.0
"""Seconds between two rounds that do not come within a test: what arrives all the same was not left to them."""

NAME = "vm.example"


@asynccontextmanager
async def low_priority_reading(
    endpoint: SshEndpoint, sshd: Sshd, path: Path, read_batching: ReadBatching
) -> AsyncIterator[tuple[Connection, Reading]]:
    """Read a file in rounds for the time of the block, its present content read already."""
    connection = Connection(endpoint, sshd.private_key, MemoryHostKeys(), read_batching=read_batching)
    await connection.connect()
    reading = Reading()
    try:
        reading.start(connection, str(path), polling=0.05, check_interval=NEVER)
        await reading.wait_for(b"begun\n")
        yield connection, reading
    finally:
        await reading.stop()
        await connection.close()


def descriptors() -> int:
    """Return how many files this process has open."""
    return int(psutil.Process().num_fds())


def append(path: Path, data: bytes) -> None:
    """Write as an agent does."""
    with path.open("ab") as file:
        file.write(data)


async def test_every_line_comes_in_rounds(sshd: Sshd, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"begun\n")
    async with low_priority_reading(sshd.endpoint(), sshd, path, ReadBatching(0.05)) as (_, reading):
        for number in range(40):
            append(path, b"line %d\n" % number * 50)
            await asyncio.sleep(0.01)  # the writer's pace: some lines fall into each round
        await reading.wait_for(path.read_bytes())


@pytest.mark.races_the_clock("a flood must be read within a bound")
async def test_a_flood_is_read_without_waiting_for_the_next_round(sshd: Sshd, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"begun\n")
    async with low_priority_reading(sshd.endpoint(), sshd, path, ReadBatching(0.5)) as (_, reading):
        append(path, b"x" * 99 + b"\n" + (b"y" * 999 + b"\n") * 20_000)
        began = time.monotonic()
        await reading.wait_for(path.read_bytes())
        assert time.monotonic() - began < 8, "20 MB are more than a socket holds in many rounds"


@pytest.mark.parametrize("tls", [False, True])
async def test_a_command_is_answered_between_rounds(sshd: Sshd, tmp_path: Path, tls: bool) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"begun\n")
    authority = TestAuthority(tmp_path)
    async with Relay(sshd.port, tls=authority.server_context(NAME) if tls else None) as relay:
        endpoint = sshd.endpoint(port=relay.port, tls=Tls(NAME, authority.ca_file) if tls else None)
        async with low_priority_reading(endpoint, sshd, path, ReadBatching(NEVER)) as (connection, reading):
            done = await connection.run("echo here", timeout=5)
            assert done.stdout == b"here\n"
            append(path, b"read along with an answer\n")
            running = asyncio.create_task(connection.run("read -r _; echo over", stdin=b"", timeout=20))
            waiting = asyncio.create_task(connection.run("sleep 20", timeout=20))
            await reading.wait_for(path.read_bytes(), within=5)
            assert (await running).stdout == b"over\n"
            waiting.cancel()


async def test_what_is_watched_is_read_at_once(sshd: Sshd, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"begun\n")
    async with low_priority_reading(sshd.endpoint(), sshd, path, ReadBatching(NEVER)) as (_, reading):
        assert reading.tail is not None
        reading.tail.polling = None
        append(path, b"seen at once\n")
        await reading.wait_for(path.read_bytes(), within=5)


@pytest.mark.races_the_clock("an end must be noticed within a second")
async def test_an_end_is_noticed_between_rounds(sshd: Sshd, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"begun\n")
    async with low_priority_reading(sshd.endpoint(), sshd, path, ReadBatching(NEVER)) as (connection, _):
        sshd.kill_sessions()
        began = time.monotonic()
        await until(lambda: connection.closed, 5)
        assert time.monotonic() - began < 1


async def test_nothing_is_held_when_nobody_takes_part(sshd: Sshd, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"begun\n")
    read_batching = ReadBatching(0.05)
    before = descriptors()
    async with low_priority_reading(sshd.endpoint(), sshd, path, read_batching):
        pass
    await until(lambda: descriptors() <= before, 5)


class Counted:
    """A stream of which only is counted how often it was read."""

    def __init__(self) -> None:
        self._sockets = socket.socketpair()
        self.turns = 0

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._sockets[0].fileno()

    def open(self) -> None:
        """Count a turn."""
        self.turns += 1

    def shut(self) -> None:
        """Nothing is read anyway."""

    def drained(self) -> bool:
        """Nothing comes."""
        return True

    def close(self) -> None:
        """Give the descriptors back."""
        for one in self._sockets:
            one.close()


async def test_reading_makes_way_for_a_key_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.remote.ssh.read_batching.MOST_WAITS", 10**9)
    read_batching, looks, waiting = ReadBatching(0.01), 0, True

    def key_waits() -> bool:
        nonlocal looks
        looks += 1
        return waiting

    read_batching.key_waits = key_waits
    streams = [Counted() for _ in range(PART * 2 + 1)]
    try:
        for stream in streams:
            read_batching.join(stream)
        await until(lambda: looks >= 5)
        assert not any(stream.turns for stream in streams)
        waiting = False
        await until(lambda: min(stream.turns for stream in streams) >= 1)
        monkeypatch.setattr("cockpit.remote.ssh.read_batching.MOST_WAITS", 3)
        waiting, turns = True, streams[0].turns
        await until(lambda: streams[0].turns >= turns + 3)
    finally:
        for stream in streams:
            read_batching.leave(stream)
            stream.close()


async def test_of_many_each_has_its_turn_and_none_another_before() -> None:
    read_batching = ReadBatching(0.05)
    streams = [Counted() for _ in range(SLICE * 2 + 7)]
    try:
        for stream in streams:
            read_batching.join(stream)
        for goal in range(1, 4):
            await until(lambda goal=goal: min(stream.turns for stream in streams) >= goal)  # type: ignore[misc]
            assert max(stream.turns for stream in streams) <= goal + 1
        read_batching.leave(streams[0])
        turns = streams[0].turns
        await until(lambda: min(stream.turns for stream in streams[1:]) >= 6)
        assert streams[0].turns == turns
    finally:
        for stream in streams:
            read_batching.leave(stream)
            stream.close()
