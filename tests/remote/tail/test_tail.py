"""A file is delivered exactly once, whatever happens to it while it is read."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.remote.ssh.connection import Connection
from cockpit.remote.tail.events import LastBytes, TailMissing, TailOpened, TailReset
from tests.remote.conftest import Connect
from tests.remote.reading import Reading
from tests.remote.sshd import Sshd, name_of
from tests.remote.waiting import until

POLLINGS = [pytest.param(None, id="notified"), pytest.param(0.2, id="polling")]


def lines(start: int, count: int, width: int = 40) -> bytes:
    """Return numbered lines."""
    return b"".join(f"line {number:>{width}}\n".encode() for number in range(start, start + count))


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def rewrite(path: Path, data: bytes) -> None:
    """Replace the content in place: truncate and write, same inode."""
    with path.open("wb") as file:
        file.write(data)


@pytest.fixture
async def connection(connect: Connect) -> Connection:
    return await connect()


@pytest.fixture
async def reading() -> AsyncIterator[Reading]:
    reader = Reading()
    yield reader
    await reader.stop()


@pytest.fixture(params=POLLINGS)
def polling(request: pytest.FixtureRequest) -> float | None:
    value: float | None = request.param
    return value


async def test_follows_a_growing_file(
    connection: Connection, reading: Reading, tmp_path: Path, polling: float | None
) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 1000))
    reading.start(connection, str(path), polling=polling)
    await reading.wait_for(lines(0, 1000))
    append(path, lines(1000, 500))
    await reading.wait_for(lines(0, 1500))
    assert reading.cursor is not None and (reading.cursor.offset, reading.cursor.line) == (
        path.stat().st_size,
        1500,
    )
    opened = reading.of(TailOpened)
    assert opened == [TailOpened(opened[0].identity, len(lines(0, 1000)), 0, False, "new")]  # type: ignore[union-attr]


async def test_a_line_arrives_at_once(connection: Connection, reading: Reading, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"")
    reading.start(connection, str(path))
    await until(lambda: bool(reading.of(TailOpened)))
    await asyncio.sleep(0.2)
    delays = []
    for number in range(20):
        written = time.monotonic()
        append(path, lines(number, 1))
        await reading.wait_for(lines(0, number + 1))
        delays.append(time.monotonic() - written)
    assert sorted(delays)[10] < 0.1


async def test_a_file_that_comes_later(
    connection: Connection, reading: Reading, tmp_path: Path, polling: float | None
) -> None:
    path = tmp_path / "later" / "out"
    reading.start(connection, str(path), polling=polling)
    await until(lambda: bool(reading.of(TailMissing)))
    assert reading.events == [TailMissing("absent")]
    path.parent.mkdir()
    path.write_bytes(b"first\n")
    await reading.wait_for(b"first\n", within=1.5)
    append(path, b"second\n")
    await reading.wait_for(b"first\nsecond\n", within=1.5)


async def test_truncated_and_rewritten_shorter(
    connection: Connection, reading: Reading, tmp_path: Path, polling: float | None
) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 1000))
    reading.start(connection, str(path), polling=polling)
    await reading.wait_for(lines(0, 1000))
    rewrite(path, lines(5000, 10))
    await reading.wait_for(lines(5000, 10))
    append(path, lines(5010, 5))
    await reading.wait_for(lines(5000, 15))
    assert [bytes(epoch) for epoch in reading.epochs] == [lines(0, 1000), lines(5000, 15)]
    assert reading.of(TailReset) == [TailReset("truncated", len(lines(0, 1000)))]


async def test_rewritten_longer(
    connection: Connection, reading: Reading, tmp_path: Path, polling: float | None
) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 100))
    reading.start(connection, str(path), polling=polling)
    await reading.wait_for(lines(0, 100))
    await until(lambda: reading.tail is not None and reading.tail.proven == len(lines(0, 100)))
    rewrite(path, lines(5000, 300))
    await until(lambda: len(reading.epochs) == 2)
    await reading.wait_for(lines(5000, 300))
    assert bytes(reading.epochs[0]) == lines(0, 100), "what came after valid_until is not of the old content"
    append(path, lines(5300, 1))
    await reading.wait_for(lines(5000, 301))


async def test_rewritten_longer_while_tail_was_stopped(
    connection: Connection, reading: Reading, sshd: Sshd, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 100))
    reading.start(connection, str(path))
    await reading.wait_for(lines(0, 100))
    await asyncio.sleep(0.5)
    tails = [process for process in sshd.family() if name_of(process) == "tail"]
    assert len(tails) == 1
    tails[0].send_signal(signal.SIGSTOP)
    rewrite(path, lines(5000, 300))
    tails[0].send_signal(signal.SIGCONT)
    await until(lambda: len(reading.epochs) == 2)
    await reading.wait_for(lines(5000, 300))
    assert bytes(reading.epochs[0]) == lines(0, 100)


@pytest.mark.parametrize("count", [5, 300])
async def test_what_had_not_come_when_the_file_was_truncated_is_read_from_its_copy(
    connection: Connection, reading: Reading, sshd: Sshd, tmp_path: Path, count: int
) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 100))
    reading.start(connection, str(path))
    await reading.wait_for(lines(0, 100))
    (tail,) = [process for process in sshd.family() if name_of(process) == "tail"]
    tail.send_signal(signal.SIGSTOP)
    append(path, lines(100, 50))
    shutil.copy(path, tmp_path / "out.1")
    rewrite(path, lines(5000, count))
    tail.send_signal(signal.SIGCONT)
    await until(lambda: len(reading.epochs) == 2)
    await reading.wait_for(lines(5000, count))
    assert [bytes(epoch) for epoch in reading.epochs] == [lines(0, 150), lines(5000, count)]


async def test_replaced_by_rename(
    connection: Connection, reading: Reading, tmp_path: Path, polling: float | None
) -> None:
    path, new = tmp_path / "out", tmp_path / "new"
    path.write_bytes(lines(0, 500))
    reading.start(connection, str(path), polling=polling)
    await reading.wait_for(lines(0, 500))
    new.write_bytes(lines(9000, 700))
    append(path, lines(500, 300))
    new.replace(path)
    await reading.wait_for(lines(9000, 700))
    assert bytes(reading.epochs[0]) == lines(0, 800), "the old file is read to its end first"


async def test_rotated_while_the_writer_goes_on(
    connection: Connection, reading: Reading, tmp_path: Path, polling: float | None
) -> None:
    path = tmp_path / "out"
    with path.open("ab", buffering=0) as old:
        old.write(lines(0, 500))
        reading.start(connection, str(path), polling=polling)
        await reading.wait_for(lines(0, 500))
        path.rename(tmp_path / "out.1")
        old.write(lines(500, 100))
        await reading.wait_for(lines(0, 600))
        old.write(lines(600, 100))
    path.write_bytes(lines(9000, 10))
    await reading.wait_for(lines(9000, 10))
    assert bytes(reading.epochs[0]) == lines(0, 700)
    assert TailReset("replaced", len(lines(0, 700))) in reading.events


async def test_removed_and_recreated(
    connection: Connection, reading: Reading, tmp_path: Path, polling: float | None
) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 100))
    reading.start(connection, str(path), polling=polling)
    await reading.wait_for(lines(0, 100))
    path.unlink()
    path.write_bytes(lines(3000, 200))
    await reading.wait_for(lines(3000, 200))
    assert bytes(reading.epochs[0]) == lines(0, 100)


async def test_directory_removed_and_recreated(
    connection: Connection, reading: Reading, tmp_path: Path, polling: float | None
) -> None:
    path = tmp_path / "rpc" / "out"
    path.parent.mkdir()
    path.write_bytes(lines(0, 100))
    reading.start(connection, str(path), polling=polling)
    await reading.wait_for(lines(0, 100))
    shutil.rmtree(path.parent)
    await until(lambda: TailMissing("removed") in reading.events)
    path.parent.mkdir()
    path.write_bytes(lines(3000, 50))
    await reading.wait_for(lines(3000, 50))
    append(path, lines(3050, 1))
    await reading.wait_for(lines(3000, 51))


async def test_copied_and_truncated(
    connection: Connection, reading: Reading, tmp_path: Path, polling: float | None
) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 100))
    reading.start(connection, str(path), polling=polling)
    await reading.wait_for(lines(0, 100))
    with path.open("ab", buffering=0) as writer:
        shutil.copy(path, tmp_path / "out.1")
        os.truncate(path, 0)
        await asyncio.sleep(0)
        writer.write(lines(100, 20))
    await reading.wait_for(lines(100, 20))
    assert bytes(reading.epochs[0]) == lines(0, 100)


async def test_a_content_that_imitates_tail_is_content(
    connection: Connection, reading: Reading, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    data = f"tail: {path}: file truncated\n/usr/bin/tail: {path}: file truncated\n/./.\n////\n/././".encode()
    path.write_bytes(data)
    reading.start(connection, str(path))
    complete = data.rindex(b"\n") + 1
    await until(lambda: bool(reading.epochs) and len(reading.epochs[-1]) >= complete)
    append(path, b"end\n")
    await reading.wait_for(data + b"end\n")
    assert reading.of(TailReset) == []


async def test_any_bytes_pass(connection: Connection, reading: Reading, tmp_path: Path) -> None:
    path = tmp_path / "out"
    data = (
        bytes(range(256)) * 64
        + b"\xff\xfe\r\n\x00\n\xe2\x80\xa8\n"
        + "ü\ud800".encode("utf-8", "surrogatepass")
        + b"\n"
    )
    path.write_bytes(data)
    reading.start(connection, str(path))
    await reading.wait_for(data)


async def test_a_line_of_64_megabytes(connection: Connection, reading: Reading, tmp_path: Path) -> None:
    path = tmp_path / "out"
    data = b"x" * (64 << 20) + b"\nnext\n"
    path.write_bytes(data)
    reading.start(connection, str(path))
    await reading.wait_for(data, within=60)
    assert reading.cursor is not None and reading.cursor.line == 2


async def test_switching_between_notified_and_polling(connection: Connection, reading: Reading, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 100) + b"half")
    reading.start(connection, str(path), polling=5.0)
    await reading.wait_for(lines(0, 100) + b"half")
    assert reading.tail is not None
    reading.tail.polling = None
    append(path, b" line\n")
    await reading.wait_for(lines(0, 100) + b"half line\n", within=2)
    reading.tail.polling = 0.2
    append(path, b"more\n")
    await reading.wait_for(lines(0, 100) + b"half line\nmore\n", within=2)
    assert len(reading.events) == 1, "a switch is silent"


async def test_first_contact_near_the_end(connection: Connection, reading: Reading, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 10000) + b"half")
    reading.start(connection, str(path), start=LastBytes(1000))
    size = len(lines(0, 1))
    await until(lambda: bool(reading.epochs) and reading.epochs[-1].endswith(b"half"))
    kept = (len(reading.epochs[0]) - 4) // size
    assert bytes(reading.epochs[0]) == lines(10000 - kept, kept) + b"half" and 0 < kept * size <= 1000
    opened = reading.events[0]
    assert isinstance(opened, TailOpened) and opened.reason == "end" and opened.start_offset == (10000 - kept) * size


async def test_first_contact_with_a_last_line_longer_than_asked(
    connection: Connection, reading: Reading, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"short\n" + b"y" * 5000 + b"\n")
    reading.start(connection, str(path), start=LastBytes(100))
    await until(lambda: bool(reading.epochs) and len(reading.epochs[-1]) >= 5001)
    assert bytes(reading.epochs[0]) in (b"y" * 5000 + b"\n", b"short\n" + b"y" * 5000 + b"\n")
