"""A file exchanged under its reader: in one moment while tail is slow, or while nobody reads."""

from __future__ import annotations

import gzip
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.agents.pi.wire_filter import NODE_RULES, PERL_RULES
from cockpit.remote.ssh.connection import Connection
from cockpit.remote.tail.events import TailData, TailFiltered, TailMissing, TailOpened, TailReset
from cockpit.remote.tail.filter import FilterProgram
from cockpit.remote.tail.tail import Tail
from tests.remote.conftest import Connect
from tests.remote.reading import Reading
from tests.remote.sshd import Sshd, name_of
from tests.remote.tail.test_tail import append, lines, rewrite
from tests.remote.waiting import until

NEVER = 3600.0
"""Seconds between two checks: what is found is found by the delivery itself."""


@pytest.fixture
async def connection(connect: Connect) -> Connection:
    return await connect()


@pytest.fixture
async def reading() -> AsyncIterator[Reading]:
    reader = Reading()
    yield reader
    await reader.stop()


async def left(connect: Connect, reading: Reading, path: Path, content: bytes) -> None:
    """Read a file to its end, and lose the connection."""
    rewrite(path, content)
    first = await connect()
    reading.start(first, str(path))
    await reading.wait_for(content)
    await first.close()
    await reading.ended()
    reading.events.clear()


@pytest.mark.parametrize("polling", [None, 0.2])
@pytest.mark.parametrize("before", [1, 303])
async def test_no_byte_of_a_new_content_is_delivered_as_the_old(
    connection: Connection, reading: Reading, sshd: Sshd, tmp_path: Path, polling: float | None, before: int
) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, before))
    reading.start(connection, str(path), polling=polling, check_interval=NEVER)
    await reading.wait_for(lines(0, before))
    (tail,) = (process for process in sshd.family() if name_of(process) == "tail")
    tail.send_signal(signal.SIGSTOP)
    rewrite(path, lines(5000, 900, width=41))
    tail.send_signal(signal.SIGCONT)
    await until(lambda: len(reading.epochs) == 2)
    await reading.wait_for(lines(5000, 900, width=41))
    (reset,) = reading.of(TailReset)
    assert isinstance(reset, TailReset) and reset.valid_until == len(lines(0, before)), "nothing was doubtful"
    assert bytes(reading.epochs[0]) == lines(0, before)
    append(path, lines(1, 1))
    await reading.wait_for(lines(5000, 900, width=41) + lines(1, 1))


async def test_the_same_behind_a_filter(connection: Connection, sshd: Sshd, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 303))
    got = [bytearray()]
    resets: list[TailReset] = []
    program = FilterProgram(PERL_RULES, NODE_RULES)
    async with Tail(connection, str(path), filtering=program, check_interval=NEVER) as tail:
        async for event in tail:
            if isinstance(event, TailReset):
                resets.append(event)
                got.append(bytearray())
            elif isinstance(event, TailFiltered):
                assert not any(piece.cut for piece in event.pieces)
                got[-1] += b"".join(piece.data for piece in event.pieces)
            elif isinstance(event, TailData):
                got[-1] += event.data
            if bytes(got[-1]) == lines(0, 303):
                assert tail.interpreter != "none"
                (process,) = (process for process in sshd.family() if name_of(process) == "tail")
                process.send_signal(signal.SIGSTOP)
                rewrite(path, lines(5000, 900, width=41))
                process.send_signal(signal.SIGCONT)
            if bytes(got[-1]) == lines(5000, 900, width=41):
                break
    assert [bytes(epoch) for epoch in got] == [lines(0, 303), lines(5000, 900, width=41)]
    assert [reset.valid_until for reset in resets] == [len(lines(0, 303))]


async def test_renamed_away_while_the_link_was_down(connect: Connect, reading: Reading, tmp_path: Path) -> None:
    path = tmp_path / "out"
    await left(connect, reading, path, lines(0, 300))
    append(path, lines(300, 50))
    path.rename(tmp_path / "out.1")
    path.write_bytes(lines(9000, 40))
    reading.start(await connect(), str(path))
    await reading.wait_for(lines(9000, 40))
    assert bytes(reading.epochs[0]) == lines(0, 350), "what stood unread in the old file comes first"
    assert reading.of(TailReset) == [TailReset("replaced", len(lines(0, 350)))]
    append(path, lines(9040, 1))
    await reading.wait_for(lines(9000, 41))


async def test_renamed_under_any_name_is_known_by_what_it_is(
    connect: Connect, reading: Reading, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    await left(connect, reading, path, lines(0, 300))
    append(path, lines(300, 5))
    path.rename(tmp_path / "kept for later")
    (tmp_path / "out.1").write_bytes(lines(70, 400))
    path.write_bytes(lines(9000, 4000))
    reading.start(await connect(), str(path))
    await reading.wait_for(lines(9000, 4000))
    assert bytes(reading.epochs[0]) == lines(0, 305)


async def test_several_rotations_while_the_link_was_down(connect: Connect, reading: Reading, tmp_path: Path) -> None:
    path = tmp_path / "out"
    await left(connect, reading, path, lines(0, 300))
    (tmp_path / "out.err").write_bytes(b"no generation\n")
    for generation in range(1, 4):
        append(path, lines(1000 * generation, 20))
        for number in (2, 1):
            if (older := tmp_path / f"out.{number}").exists():
                older.rename(tmp_path / f"out.{number + 1}")
        path.rename(tmp_path / "out.1")
        path.write_bytes(b"")
    append(path, lines(9000, 7))
    reading.start(await connect(), str(path))
    await reading.wait_for(lines(9000, 7))
    assert [bytes(epoch) for epoch in reading.epochs] == [
        lines(0, 300) + lines(1000, 20),
        lines(2000, 20),
        lines(3000, 20),
        lines(9000, 7),
    ]


async def test_the_rest_comes_though_no_new_file_is_there(connect: Connect, reading: Reading, tmp_path: Path) -> None:
    path = tmp_path / "out"
    await left(connect, reading, path, lines(0, 300))
    append(path, lines(300, 50))
    path.rename(tmp_path / "out.1")
    reading.start(await connect(), str(path))
    await reading.wait_for(lines(0, 350))
    await until(lambda: TailMissing("absent") in reading.events)
    path.write_bytes(lines(9000, 40))
    await reading.wait_for(lines(9000, 40))
    assert bytes(reading.epochs[0]) == lines(0, 350)


@pytest.mark.parametrize("count", [10, 900], ids=["shorter", "longer"])
async def test_copied_and_truncated_while_the_link_was_down(
    connect: Connect, reading: Reading, tmp_path: Path, count: int
) -> None:
    path = tmp_path / "out"
    await left(connect, reading, path, lines(0, 300))
    append(path, lines(300, 50))
    shutil.copyfile(path, tmp_path / "out.1")
    rewrite(path, lines(9000, count))
    reading.start(await connect(), str(path))
    await reading.wait_for(lines(9000, count))
    assert [bytes(epoch) for epoch in reading.epochs] == [lines(0, 350), lines(9000, count)]


async def test_what_was_compressed_is_said(connect: Connect, reading: Reading, tmp_path: Path) -> None:
    path = tmp_path / "out"
    await left(connect, reading, path, lines(0, 300))
    append(path, lines(300, 50))
    with gzip.open(tmp_path / "out.1.gz", "wb") as packed:
        packed.write(path.read_bytes())
    path.unlink()
    path.write_bytes(lines(9000, 40))
    reading.start(await connect(), str(path))
    await reading.wait_for(lines(9000, 40))
    (reset,) = reading.of(TailReset)
    assert isinstance(reset, TailReset) and "out.1.gz" in reset.lost and "out of reach" in reset.lost


async def test_a_large_rest_comes_in_order_and_a_half_line_stays_half(
    connect: Connect, reading: Reading, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    await left(connect, reading, path, lines(0, 300) + b"half")
    append(path, b" line\n" + lines(300, 20_000))
    path.rename(tmp_path / "out-20261127")
    path.write_bytes(b"")
    reading.start(await connect(), str(path))
    await until(lambda: any(isinstance(event, TailOpened) and not event.moved for event in reading.events))
    assert bytes(reading.epochs[0]) == lines(0, 300) + b"half line\n" + lines(300, 20_000)
