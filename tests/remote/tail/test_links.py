"""A file is delivered exactly once, whatever happens to the link, and no reader stays behind on the VM."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.remote.errors import RemoteError
from cockpit.remote.ssh.connection import Connection
from cockpit.remote.tail.events import LastBytes, TailData, TailMissing, TailOpened, TailReset
from cockpit.remote.tail.tail import Tail
from tests.remote.conftest import Connect
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.reading import Reading
from tests.remote.relays import Relay
from tests.remote.sshd import Sshd, name_of
from tests.remote.tail.test_tail import append, lines, rewrite
from tests.remote.waiting import until


@pytest.fixture
async def reading() -> AsyncIterator[Reading]:
    reader = Reading()
    yield reader
    await reader.stop()


async def test_resumes_at_the_cursor(connect: Connect, reading: Reading, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 1000) + b"half a li")
    first = await connect()
    reading.start(first, str(path))
    await reading.wait_for(lines(0, 1000) + b"half a li")
    await first.close()
    await reading.ended()
    append(path, b"ne\n" + lines(1001, 10))
    reading.start(await connect(), str(path))
    await reading.wait_for(lines(0, 1000) + b"half a line\n" + lines(1001, 10))
    opened = reading.events[-1]
    assert isinstance(opened, TailOpened) and opened.resumed and opened.start_offset == len(lines(0, 1000))
    assert reading.cursor is not None and reading.cursor.line == 1011


@pytest.mark.parametrize("change", ["truncated", "longer", "same length", "replaced", "shorter inode reused"])
async def test_a_file_changed_while_away_is_a_new_epoch(
    connect: Connect, reading: Reading, tmp_path: Path, change: str
) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 1000))
    first = await connect()
    reading.start(first, str(path))
    await reading.wait_for(lines(0, 1000))
    await first.close()
    await reading.ended()
    new = {"truncated": lines(7000, 10), "same length": lines(7000, 1000)}.get(change, lines(7000, 3000))
    if change == "replaced":
        (tmp_path / "new").write_bytes(new)
        (tmp_path / "new").replace(path)
    elif change == "shorter inode reused":
        path.unlink()
        path.write_bytes(new)
    else:
        rewrite(path, new)
    reading.start(await connect(), str(path))
    await reading.wait_for(new)
    assert [bytes(epoch) for epoch in reading.epochs] == [lines(0, 1000), new]
    assert len(reading.of(TailReset)) == 1


async def test_same_head_and_longer_is_found_by_the_anchor(connect: Connect, reading: Reading, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 1000))
    first = await connect()
    reading.start(first, str(path))
    await reading.wait_for(lines(0, 1000))
    await first.close()
    await reading.ended()
    new = lines(0, 500) + lines(7000, 3000)
    rewrite(path, new)
    reading.start(await connect(), str(path))
    await reading.wait_for(new)
    reset = reading.events[-2]
    assert isinstance(reset, TailReset) and (reset.reason, reset.valid_until) == ("rewritten", len(lines(0, 1000)))
    assert "may be lost" in reset.lost, "nobody can know what was written to it while nobody read"


async def test_a_missing_file_is_waited_for_with_a_cursor(connect: Connect, reading: Reading, tmp_path: Path) -> None:
    path, away = tmp_path / "out", tmp_path / "away"
    path.write_bytes(lines(0, 100))
    first = await connect()
    reading.start(first, str(path))
    await reading.wait_for(lines(0, 100))
    await first.close()
    await reading.ended()
    path.rename(away)
    reading.start(await connect(), str(path))
    await until(lambda: TailMissing("absent") in reading.events)
    append(away, lines(100, 1))
    away.rename(path)
    await reading.wait_for(lines(0, 101))
    assert not reading.of(TailReset)


async def test_cuts_all_over_the_stream(sshd: Sshd, reading: Reading, tmp_path: Path) -> None:
    """From the first byte of the reader's channel to the end of the file; the unit test cuts at every single one."""
    path = tmp_path / "out"
    content = b"".join(b"%d: %s\n" % (number, b"x" * (number % 7)) for number in range(40))
    path.write_bytes(content)
    keys = MemoryHostKeys()
    async with Relay(sshd.port) as relay:
        connection = Connection(sshd.endpoint(port=relay.port), sshd.private_key, keys, compression=False)
        await connection.connect()
        handshake = relay.downstream
        reading.start(connection, str(path))
        await reading.wait_for(content)
        whole = relay.downstream - handshake
        await reading.stop()
        await connection.close()
        for cut in range(1, whole, max(1, whole // 40)):
            reader = Reading()
            relay.downstream = 0
            relay.cut_after = handshake + cut
            for _ in range(2):
                connection = Connection(sshd.endpoint(port=relay.port), sshd.private_key, keys, compression=False)
                try:
                    await connection.connect()
                    reader.start(connection, str(path))
                    await reader.wait_for(content)
                except RemoteError:
                    pass
                finally:
                    await reader.stop()
                    await connection.close()
            assert reader.epochs and bytes(reader.epochs[-1]) == content, f"cut after {cut} bytes"
            assert not reader.of(TailReset)


async def test_a_stream_in_single_bytes(sshd: Sshd, connect: Connect, reading: Reading, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes("ünïcödé €\n".encode() * 200)
    async with Relay(sshd.port) as relay:
        relay.chunk = 1
        reading.start(await connect(port=relay.port, compression=False), str(path))
        await reading.wait_for(path.read_bytes(), within=30)


async def test_a_killed_session_leaves_nothing_and_resumes(
    connect: Connect, sshd: Sshd, reading: Reading, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 100))
    reading.start(await connect(), str(path))
    await reading.wait_for(lines(0, 100))
    sshd.kill_sessions()
    await reading.ended()
    assert reading.error is not None
    await until(lambda: not sshd.readers(path), within=5)
    append(path, lines(100, 5))
    reading.start(await connect(), str(path))
    await reading.wait_for(lines(0, 105))


async def test_a_killed_tail_is_started_again(connect: Connect, sshd: Sshd, reading: Reading, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 100))
    reading.start(await connect(), str(path))
    await reading.wait_for(lines(0, 100))
    script = [process for process in sshd.family() if "cockpit-tail" in process.cmdline()]
    script[0].kill()
    append(path, lines(100, 5))
    await reading.wait_for(lines(0, 105))
    assert len(reading.events) == 1, "the same file goes on silently"
    assert reading.error is None


async def test_close_leaves_nothing(connect: Connect, sshd: Sshd, reading: Reading, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 100))
    connection = await connect()
    reading.start(connection, str(path))
    await reading.wait_for(lines(0, 100))
    family = {process.pid for process in sshd.family()}
    assert sshd.readers(path)
    await reading.stop()
    await until(lambda: not sshd.readers(path), within=3)
    await connection.close()
    await until(lambda: not any(psutil.pid_exists(pid) for pid in family if pid not in sessions(sshd)), within=3)


def sessions(sshd: Sshd) -> set[int]:
    """Return the numbers of processes that sshd still waits for."""
    return {process.pid for process in sshd.family()}


@pytest.mark.races_the_clock("our side must notice before the other one's patience is over")
async def test_a_half_open_link_leaves_no_reader_after_its_patience(
    connect: Connect, sshd: Sshd, reading: Reading, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 100))
    async with Relay(sshd.port) as relay:
        connection = await connect(port=relay.port, keepalive_interval=0.3)
        reading.start(connection, str(path), heartbeat_interval=0.4, patience=3.0)
        await reading.wait_for(lines(0, 100))
        await asyncio.sleep(4.0)
        assert sshd.readers(path) and not connection.closed, "heartbeats keep a healthy reader alive"
        relay.freeze()
        await reading.ended()
        assert sshd.readers(path), "the VM does not know yet"
        reading.start(await connect(), str(path))
        append(path, lines(100, 5))
        await reading.wait_for(lines(0, 105))
        await until(lambda: len([p for p in sshd.readers(path) if name_of(p) == "tail"]) == 1, within=10)
        await reading.stop()
        await until(lambda: not sshd.readers(path), within=6)


async def test_a_paused_vm_resumes_without_doubles(
    connect: Connect, sshd: Sshd, reading: Reading, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 100))
    connection = await connect(keepalive_interval=0.3, keepalive_count=2)
    reading.start(connection, str(path), heartbeat_interval=0.3, patience=2.0)
    await reading.wait_for(lines(0, 100))
    sshd.stop_everything()
    try:
        await until(lambda: connection.silent)
        await reading.ended()
        append(path, lines(100, 50))
    finally:
        sshd.continue_everything()
    reading.start(await connect(), str(path))
    await reading.wait_for(lines(0, 150))
    await until(lambda: len([p for p in sshd.readers(path) if name_of(p) == "tail"]) == 1, within=8)


async def test_a_slow_consumer_holds_the_writer_not_the_memory(connect: Connect, sshd: Sshd, tmp_path: Path) -> None:
    path = tmp_path / "out"
    data = os.urandom(1 << 20).hex().encode() * 24
    path.write_bytes(data)
    connection = await connect()
    tail = Tail(connection, str(path))
    assert isinstance(await anext(tail), TailOpened)
    seen = hashlib.sha256()
    count = 0
    before = psutil.Process().memory_info().rss
    await asyncio.sleep(1.0)
    assert psutil.Process().memory_info().rss - before < 8 << 20, "a stalled consumer costs a window, not the file"
    while count < len(data):
        event = await anext(tail)
        assert isinstance(event, TailData)
        seen.update(event.data)
        count += len(event.data)
        await asyncio.sleep(0)
    assert seen.digest() == hashlib.sha256(data).digest()
    await tail.close()


async def bytes_read_for_a_resume(connect: Connect, path: Path) -> int:
    """Return what the script's processes read on the VM to start near the end, stop and resume."""
    reader = Reading()
    connection = await connect()
    reader.start(connection, str(path), start=LastBytes(4000))
    await until(lambda: bool(reader.epochs) and reader.epochs[-1].endswith(lines(199, 1)))
    await reader.stop()
    reader.start(connection, str(path))
    await until(lambda: len(reader.of(TailOpened)) == 2)
    append(path, b"more\n")
    await until(lambda: reader.epochs[-1].endswith(b"more\n"))
    script = next(process for process in Sshd.readers(path) if "cockpit-tail" in process.cmdline())
    # A process's account includes its ended children.
    read = int(script.io_counters().read_chars)
    await reader.stop()
    await connection.close()
    return read


async def test_resuming_costs_the_same_at_a_gigabyte(connect: Connect, tmp_path: Path) -> None:
    costs = []
    for name, size in (("small", 10_000), ("large", 1_000_000_000)):
        path = tmp_path / name
        with path.open("wb") as file:
            file.truncate(size)
        append(path, lines(0, 200))
        costs.append(await bytes_read_for_a_resume(connect, path))
    assert costs[1] < costs[0] + 50_000, costs


class FaultyRun:
    """A reader that comes back after every fault, and a writer whose bytes are the model."""

    def __init__(self, sshd: Sshd, relay: Relay, path: Path, choose: random.Random) -> None:
        self.sshd, self.relay, self.path, self.choose = sshd, relay, path, choose
        self.keys = MemoryHostKeys()
        self.connection: Connection | None = None
        self.reader = Reading()
        self.model = bytearray()
        self.number = 0

    async def reconnect(self) -> None:
        """Stand connected and reading, or try again later."""
        if self.connection is not None and self.connection.connected and self.reader.error is None:
            return
        await self.close()
        self.connection = Connection(
            self.sshd.endpoint(port=self.relay.port),
            self.sshd.private_key,
            self.keys,
            keepalive_interval=0.2,
            keepalive_count=2,
        )
        try:
            await self.connection.connect()
        except RemoteError:
            return
        self.reader.start(self.connection, str(self.path), polling=self.choose.choice((None, 0.1)))

    def write(self) -> None:
        """Append some lines."""
        for _ in range(self.choose.randrange(1, 5)):
            chunk = lines(self.number, self.choose.randrange(1, 200))
            self.number += chunk.count(b"\n")
            append(self.path, chunk)
            self.model += chunk

    async def fault(self) -> None:
        """Do one thing to the link, or let it be."""
        act = self.choose.random()
        if act < 0.35:
            self.relay.cut_after = self.relay.downstream + self.choose.randrange(1, 20_000)
        elif act < 0.45:
            self.relay.cut()
        elif act < 0.5:
            self.sshd.kill_sessions()
        elif act < 0.6:
            self.relay.freeze()
            await asyncio.sleep(self.choose.random())
            self.relay.thaw()
        elif act < 0.75:
            self.relay.cut_after = None
            await asyncio.sleep(self.choose.random() * 0.1)

    async def close(self) -> None:
        """End reading and the connection."""
        await self.reader.stop()
        if self.connection is not None:
            await self.connection.close()


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_faults(sshd: Sshd, tmp_path: Path, seed: int) -> None:
    """A writer appends while the link is cut, frozen and slowed: every line comes exactly once."""
    path = tmp_path / "out"
    path.write_bytes(b"")
    steps = int(os.environ.get("REMOTE_FAULTS", "60"))
    async with Relay(sshd.port) as relay:
        run = FaultyRun(sshd, relay, path, random.Random(seed))
        for _ in range(steps):
            await run.reconnect()
            run.write()
            await run.fault()
        relay.cut_after = None
        deadline = time.monotonic() + 30
        while bytes(run.reader.epochs[-1] if run.reader.epochs else b"") != run.model:
            assert time.monotonic() < deadline, f"seed {seed}: {len(run.reader.epochs[-1])} of {len(run.model)} bytes"
            await run.reconnect()
            await asyncio.sleep(0.05)
        assert hashlib.sha256(run.reader.epochs[-1]).digest() == hashlib.sha256(path.read_bytes()).digest()
        assert not run.reader.of(TailReset), f"seed {seed}: nothing was rewritten"
        await run.close()
