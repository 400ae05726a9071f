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

from cockpit.remote.connection import Connection
from cockpit.remote.errors import RemoteError
from cockpit.remote.host_keys import MemoryHostKeys
from cockpit.remote.tail import TailMissing, TailOpened, TailReset
from tests.remote.conftest import Connect
from tests.remote.reading import Reading
from tests.remote.relays import Relay
from tests.remote.sshd import Sshd
from tests.remote.test_tail import append, lines, rewrite
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


async def test_same_head_and_longer_is_found_by_the_anchor(
    connect: Connect, reading: Reading, tmp_path: Path
) -> None:
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
    assert reading.events[-2] == TailReset("rewritten", len(lines(0, 1000)))


async def test_a_missing_file_is_waited_for_with_a_cursor(
    connect: Connect, reading: Reading, tmp_path: Path
) -> None:
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


async def test_a_cut_at_every_byte(sshd: Sshd, reading: Reading, tmp_path: Path) -> None:
    """The relay cuts after n bytes for every n from the first byte of the reader's channel to the end of the file."""
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
        for cut in range(1, whole, 5):
            reader = Reading()
            relay.downstream = 0
            relay.cut_after = handshake + cut
            for _ in range(2):
                connection = Connection(
                    sshd.endpoint(port=relay.port), sshd.private_key, keys, compression=False
                )
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


async def test_a_stream_in_single_bytes(
    sshd: Sshd, connect: Connect, reading: Reading, tmp_path: Path
) -> None:
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


async def test_a_killed_tail_is_started_again(
    connect: Connect, sshd: Sshd, reading: Reading, tmp_path: Path
) -> None:
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
    await until(
        lambda: not any(psutil.pid_exists(pid) for pid in family if pid not in sessions(sshd)), within=3
    )


def sessions(sshd: Sshd) -> set[int]:
    """Return the numbers of processes that sshd still waits for."""
    return {process.pid for process in sshd.family()}


async def test_a_half_open_link_leaves_no_reader_after_its_patience(
    connect: Connect, sshd: Sshd, reading: Reading, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 100))
    async with Relay(sshd.port) as relay:
        connection = await connect(port=relay.port, keepalive_interval=0.3)
        reading.start(connection, str(path), beat_interval=0.4, patience=1.5)
        await reading.wait_for(lines(0, 100))
        await asyncio.sleep(2.5)
        assert sshd.readers(path) and not connection.closed, "beats keep a healthy reader alive"
        relay.freeze()
        await reading.ended()
        assert sshd.readers(path), "the VM does not know yet"
        reading.start(await connect(), str(path))
        append(path, lines(100, 5))
        await reading.wait_for(lines(0, 105))
        await until(lambda: len([p for p in sshd.readers(path) if p.name() == "tail"]) == 1, within=6)
        await reading.stop()
        await until(lambda: not sshd.readers(path), within=6)


async def test_a_paused_vm_resumes_without_doubles(
    connect: Connect, sshd: Sshd, reading: Reading, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 100))
    connection = await connect(keepalive_interval=0.3, keepalive_count=2)
    reading.start(connection, str(path), beat_interval=0.3, patience=2.0)
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
    await until(lambda: len([p for p in sshd.readers(path) if p.name() == "tail"]) == 1, within=8)


async def test_a_slow_consumer_holds_the_writer_not_the_memory(
    connect: Connect, sshd: Sshd, tmp_path: Path
) -> None:
    from cockpit.remote.tail import TailData, follow

    path = tmp_path / "out"
    data = os.urandom(1 << 20).hex().encode() * 24
    path.write_bytes(data)
    connection = await connect()
    tail = follow(connection, str(path))
    assert isinstance(await anext(tail), TailOpened)
    seen = hashlib.sha256()
    count = 0
    before = psutil.Process().memory_info().rss
    await asyncio.sleep(1.0)
    assert psutil.Process().memory_info().rss - before < 8 << 20, (
        "a stalled consumer costs a window, not the file"
    )
    while count < len(data):
        event = await anext(tail)
        assert isinstance(event, TailData)
        seen.update(event.data)
        count += len(event.data)
        await asyncio.sleep(0)
    assert seen.digest() == hashlib.sha256(data).digest()
    await tail.close()


async def test_resuming_costs_the_same_at_a_gigabyte(connect: Connect, sshd: Sshd, tmp_path: Path) -> None:
    """Counts what the script's processes read on the VM: not more for a file a hundred thousand times as large."""
    costs = []
    for name, size in (("small", 10_000), ("large", 1_000_000_000)):
        path = tmp_path / name
        with path.open("wb") as file:
            file.truncate(size)
        append(path, lines(0, 200))
        reader = Reading()
        connection = await connect()
        from cockpit.remote.tail import LastBytes

        reader.start(connection, str(path), start=LastBytes(4000))
        await until(lambda: bool(reader.epochs) and reader.epochs[-1].endswith(lines(199, 1)))
        await reader.stop()
        reader.start(connection, str(path))
        await until(lambda: len(reader.of(TailOpened)) == 2)
        append(path, b"more\n")
        await until(lambda: reader.epochs[-1].endswith(b"more\n"))
        script = next(p for p in sshd.readers(path) if "cockpit-tail" in p.cmdline())
        # A process's account includes its ended and awaited children.
        io = Path(f"/proc/{script.pid}/io").read_text()
        costs.append(int(io.split("rchar: ")[1].split()[0]))
        await reader.stop()
        await connection.close()
    assert costs[1] < costs[0] + 50_000, costs


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_faults(sshd: Sshd, tmp_path: Path, seed: int) -> None:
    """A writer appends, truncates and rotates while the link is cut, frozen and slowed; every epoch's lines come once."""
    choose = random.Random(seed)
    path = tmp_path / "out"
    path.write_bytes(b"")
    keys = MemoryHostKeys()
    model = bytearray()
    reader = Reading()
    number = 0
    deadline = time.monotonic() + 15
    async with Relay(sshd.port) as relay:
        connection: Connection | None = None
        for step in range(60):
            if time.monotonic() > deadline:
                break
            if connection is None or connection.closed or reader.error is not None:
                if connection is not None:
                    await reader.stop()
                    await connection.close()
                connection = Connection(
                    sshd.endpoint(port=relay.port),
                    sshd.private_key,
                    keys,
                    keepalive_interval=0.2,
                    keepalive_count=2,
                )
                try:
                    await connection.connect()
                except RemoteError:
                    continue
                reader.start(connection, str(path), polling=choose.choice((None, 0.1)))
            for _ in range(choose.randrange(1, 5)):
                chunk = lines(number, choose.randrange(1, 200))
                number += chunk.count(b"\n")
                append(path, chunk)
                model += chunk
            act = choose.random()
            if act < 0.35:
                relay.cut_after = relay.downstream + choose.randrange(1, 20_000)
            elif act < 0.45:
                relay.cut()
            elif act < 0.5:
                sshd.kill_sessions()
            elif act < 0.6:
                relay.freeze()
                await asyncio.sleep(choose.random())
                relay.thaw()
            elif act < 0.75:
                relay.cut_after = None
                await asyncio.sleep(choose.random() * 0.1)
        relay.cut_after = None
        if connection is None or not connection.connected or reader.error is not None:
            await reader.stop()
            connection = Connection(sshd.endpoint(port=relay.port), sshd.private_key, keys)
            await connection.connect()
            reader.start(connection, str(path))
        await reader.wait_for(bytes(model), within=20)
        assert hashlib.sha256(reader.epochs[-1]).digest() == hashlib.sha256(path.read_bytes()).digest()
        assert not reader.of(TailReset), f"seed {seed}: nothing was rewritten"
        await reader.stop()
        await connection.close()
