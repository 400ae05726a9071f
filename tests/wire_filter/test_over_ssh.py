"""A file read through the filter over a real connection: same places, exact cursors, nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.agents.framing import Line, LineSplitter
from cockpit.remote.errors import RemoteError
from cockpit.remote.ssh.connection import Connection
from cockpit.remote.tail.cursor import Cursor
from cockpit.remote.tail.events import TailData, TailFiltered, TailMissing, TailOpened, TailReset
from cockpit.remote.tail.filter import FilterProgram
from cockpit.remote.tail.guard import GUARD
from cockpit.remote.tail.tail import Tail
from tests.model.captures import content
from tests.remote.conftest import Connect, connect, sshd
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.relays import Relay
from tests.remote.sshd import Sshd
from tests.remote.tail.test_tail import append, rewrite
from tests.remote.waiting import until
from tests.wire_filter.pipes import INTERPRETERS, WIRE_FILTER, places

pytestmark = pytest.mark.slow

__all__ = ["connect", "sshd"]

CAPTURE = content("thinking_tools.jsonl")
OTHER = content("big_write.jsonl")
ONLY = {
    "perl": FilterProgram(WIRE_FILTER.perl, "("),
    "node": FilterProgram("(", WIRE_FILTER.node),
    "none": FilterProgram("(", "("),
}
"""The diet for one interpreter: the other one refuses its program."""


class LineReader:
    """A consumer that cuts lines, and keeps what it has up to its cursor over reconnects."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.cursor: Cursor | None = None
        self.error: RemoteError | None = None
        self.tail: Tail | None = None
        self.resets: list[TailReset] = []
        self.opened: list[TailOpened] = []
        self.cut = 0
        self._splitter = LineSplitter()
        self._task: asyncio.Task[None] | None = None

    def start(
        self,
        connection: Connection,
        path: Path,
        wire_filter: FilterProgram | None = WIRE_FILTER,
        *,
        polling: float | None = None,
        patience: float = 45.0,
        beat: float = 15.0,
    ) -> None:
        """Go on from the cursor."""
        self.error = None
        self.tail = Tail(
            connection,
            str(path),
            self.cursor,
            filtering=wire_filter,
            polling=polling,
            check_interval=0.3,
            patience=patience,
            heartbeat_interval=beat,
        )
        self._task = asyncio.create_task(self._read(self.tail))

    async def _read(self, tail: Tail) -> None:
        try:
            async for event in tail:
                match event:
                    case TailOpened(start_offset=offset, resumed=resumed):
                        self.opened.append(event)
                        number = self.cursor.line if resumed and self.cursor is not None else 0
                        if not resumed:
                            self.lines.clear()
                        self._splitter = LineSplitter(offset=offset, number=number)
                        assert not self.lines or self.lines[-1].end == offset
                    case TailData(offset=offset, data=data):
                        self._expect(offset)
                        self.lines += self._splitter.feed(data)
                    case TailFiltered(offset=offset, pieces=pieces):
                        self._expect(offset)
                        for piece in pieces:
                            if piece.cut:
                                self.cut += 1
                                self.lines.append(self._splitter.pass_line(piece.data, piece.length))
                            else:
                                self.lines += self._splitter.feed(piece.data)
                    case TailReset():
                        self.resets.append(event)
                        self.cursor = None
                    case TailMissing():
                        pass
                self.cursor = tail.cursor
                if self.cursor is not None:
                    assert self.cursor.offset == self._splitter.offset and self.cursor.line == self._splitter.number
        except RemoteError as error:
            self.error = error
        finally:
            await tail.close()

    def _expect(self, offset: int) -> None:
        assert offset == self._splitter.offset + self._splitter.pending, "no byte is skipped or repeated"

    async def wait_for(self, data: bytes, within: float = 20.0) -> None:
        """Return once every line of this content is there, at its place, and no other."""
        expected = places(LineSplitter().feed(data))

        def done() -> bool:
            assert self._task is not None
            if self._task.done() and not self._task.cancelled() and self._task.exception() is not None:
                raise self._task.exception()  # type: ignore[misc]
            complete = len(self.lines) >= len(expected) and self.lines[-1].end == expected[-1][2]
            return complete or self.error is not None

        await until(done, within)
        if self.error is not None:
            raise self.error
        assert places(self.lines) == expected

    async def ended(self) -> None:
        """Return once the tail ended by itself."""
        assert self._task is not None
        await asyncio.wait_for(asyncio.shield(self._task), 10)

    async def stop(self) -> None:
        """End reading."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


@pytest.fixture
async def reading() -> AsyncIterator[LineReader]:
    reader = LineReader()
    yield reader
    await reader.stop()


def filters(sshd: Sshd) -> list[str]:
    """Return the names of the interpreters that run a filter below the server."""
    return [name for process in sshd.family() if (name := _name(process)) in INTERPRETERS and not _is_guard(process)]


def _is_guard(process: psutil.Process) -> bool:
    """Say whether a process is the guard, which compares what tail read with the file.

    The guard's program is among the words of the script, too.
    """
    try:
        return process.name() == "perl" and GUARD in process.cmdline()
    except psutil.Error:
        return False


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.Error:
        return ""


@pytest.mark.parametrize("interpreter", ["perl", "node", "none"])
@pytest.mark.parametrize("polling", [None, 0.2])
async def test_follows_a_growing_file(
    connect: Connect, reading: LineReader, tmp_path: Path, interpreter: str, polling: float | None
) -> None:
    path = tmp_path / "out"
    middle = len(CAPTURE) // 2
    path.write_bytes(CAPTURE[:middle])
    reading.start(await connect(), path, ONLY[interpreter], polling=polling)
    await until(lambda: reading.cursor is not None and reading.cursor.offset == CAPTURE.rfind(b"\n", 0, middle) + 1)
    for at in range(middle, len(CAPTURE), 9000):
        append(path, CAPTURE[at : at + 9000])
    await reading.wait_for(CAPTURE)
    assert reading.tail is not None and reading.tail.interpreter == interpreter
    assert bool(reading.cut) == (interpreter != "none")


async def test_a_line_arrives_at_once(connect: Connect, reading: LineReader, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(CAPTURE)
    reading.start(await connect(), path)
    await reading.wait_for(CAPTURE)
    delays = []
    for number in range(1, 15):
        written = time.monotonic()
        append(path, b'{"type":"turn_start"}\n')
        await reading.wait_for(CAPTURE + b'{"type":"turn_start"}\n' * number)
        delays.append(time.monotonic() - written)
    assert sorted(delays)[7] < 0.15


@pytest.mark.parametrize("first, second", [(WIRE_FILTER, None), (None, WIRE_FILTER), (WIRE_FILTER, WIRE_FILTER)])
async def test_resumes_with_and_without(
    connect: Connect,
    reading: LineReader,
    tmp_path: Path,
    first: FilterProgram | None,
    second: FilterProgram | None,
) -> None:
    path = tmp_path / "out"
    for cut in (5000, 60_000, 61_000, 150_001):
        path.write_bytes(CAPTURE[:cut])
        before = await connect()
        reading.cursor = None
        reading.start(before, path, first)
        await until(lambda cut=cut: bool(reading.lines) and reading.lines[-1].end == CAPTURE.rfind(b"\n", 0, cut) + 1)  # type: ignore[misc]
        await before.close()
        await reading.ended()
        append(path, CAPTURE[cut:])
        reading.start(await connect(), path, second)
        await reading.wait_for(CAPTURE)
        assert reading.opened[-1].resumed and not reading.resets
        await reading.stop()


async def test_switched_in_the_middle_of_lines_under_load(
    connect: Connect, reading: LineReader, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"")
    reading.start(await connect(), path, None)
    tail = reading.tail
    assert tail is not None
    choose = random.Random(5)
    data = CAPTURE + OTHER + CAPTURE
    at = 0
    while at < len(data):
        size = choose.randrange(1, 12_000)
        append(path, data[at : at + size])
        at += size
        if choose.random() < 0.3:
            tail.filtering = choose.choice((None, *ONLY.values()))
        if choose.random() < 0.2:
            tail.polling = choose.choice((None, 0.1))
        await asyncio.sleep(choose.random() * 0.03)
    tail.filtering = WIRE_FILTER
    await reading.wait_for(data, within=60)
    assert len(reading.opened) == 1 and not reading.resets, "a switch is silent"


@pytest.mark.parametrize("change", ["truncated", "longer", "replaced"])
@pytest.mark.parametrize("polling", [None, 0.2])
async def test_a_changed_file_is_found(
    connect: Connect, reading: LineReader, tmp_path: Path, change: str, polling: float | None
) -> None:
    path = tmp_path / "out"
    path.write_bytes(OTHER + b'{"type":"half')
    reading.start(await connect(), path, polling=polling)
    await until(lambda: bool(reading.lines) and reading.lines[-1].end == len(OTHER))
    assert reading.tail is not None
    await until(lambda: reading.tail is not None and reading.tail.held == 13)
    await asyncio.sleep(0.5)
    new = CAPTURE[: CAPTURE.find(b"\n", 20_000) + 1] if change == "truncated" else CAPTURE + CAPTURE
    if change == "replaced":
        (tmp_path / "new").write_bytes(new)
        (tmp_path / "new").replace(path)
    else:
        rewrite(path, new)
    await until(lambda: bool(reading.resets))
    await reading.wait_for(new)
    assert len(reading.resets) == 1
    append(path, OTHER)
    await reading.wait_for(new + OTHER)


@pytest.mark.parametrize("interpreter", INTERPRETERS)
async def test_nothing_stays_behind(
    connect: Connect, sshd: Sshd, reading: LineReader, tmp_path: Path, interpreter: str
) -> None:
    """The file is idle at every end: nothing but the pipeline itself can notice."""
    path = tmp_path / "out"
    path.write_bytes(CAPTURE)

    async def begin() -> Connection:
        connection = await connect()
        reading.cursor = None
        reading.lines.clear()
        reading.start(connection, path, ONLY[interpreter], patience=2.0, beat=0.4)
        await reading.wait_for(CAPTURE)
        assert filters(sshd) == [interpreter]
        return connection

    async def gone() -> None:
        await until(lambda: not sshd.readers(path) and not filters(sshd), within=6)

    await begin()
    await reading.stop()
    await gone()
    connection = await begin()
    await connection.close()
    await gone()
    await begin()
    sshd.kill_sessions()
    await reading.ended()
    await gone()
    await begin()
    script = next(process for process in sshd.family() if "cockpit-tail" in process.cmdline())
    await reading.stop()
    await gone()
    assert not script.is_running() or script.status() == "zombie"


async def test_a_half_open_link_leaves_no_filter(
    connect: Connect, sshd: Sshd, reading: LineReader, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    path.write_bytes(CAPTURE)
    async with Relay(sshd.port) as relay:
        connection = await connect(port=relay.port, keepalive_interval=0.3)
        reading.start(connection, path, beat=0.4, patience=3.0)
        await reading.wait_for(CAPTURE)
        relay.freeze()
        await reading.ended()
        assert filters(sshd) == ["perl"], "the VM does not know yet"
        await until(lambda: not sshd.readers(path) and not filters(sshd), within=8)


@pytest.mark.parametrize("victim", ["perl", "guard", "tail", "sh"])
async def test_a_killed_part_is_started_again(
    connect: Connect, sshd: Sshd, reading: LineReader, tmp_path: Path, victim: str
) -> None:
    path = tmp_path / "out"
    path.write_bytes(OTHER)
    reading.start(await connect(), path, beat=0.4)
    await reading.wait_for(OTHER)
    next(process for process in sshd.family() if _is_victim(process, victim)).send_signal(signal.SIGKILL)
    append(path, CAPTURE)
    await reading.wait_for(OTHER + CAPTURE)
    assert len(reading.opened) == 1 and not reading.resets
    await until(lambda: filters(sshd) == ["perl"], within=8)
    await until(lambda: [_name(process) for process in sshd.family()].count("tail") == 1, within=8)


@pytest.mark.parametrize("victim", ["perl", "guard", "tail"])
async def test_a_part_that_is_killed_while_nothing_is_written_is_started_again(
    connect: Connect, sshd: Sshd, reading: LineReader, tmp_path: Path, victim: str
) -> None:
    """The file was checked for the last time before the end: only the script can say that nobody reads any more."""
    path = tmp_path / "out"
    path.write_bytes(OTHER)
    reading.start(await connect(), path, beat=0.4)
    await reading.wait_for(OTHER)
    await until(lambda: reading.tail is not None and reading.tail.proven == len(OTHER))
    next(process for process in sshd.family() if _is_victim(process, victim)).send_signal(signal.SIGKILL)
    append(path, CAPTURE)
    await reading.wait_for(OTHER + CAPTURE, within=10)
    assert len(reading.opened) == 1 and not reading.resets


async def test_a_filter_that_dies_is_done_without(connect: Connect, reading: LineReader, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(OTHER)
    broken = FilterProgram("INIT { exit } ", "(")
    reading.start(await connect(), path, broken)
    await reading.wait_for(OTHER, within=30)
    await until(lambda: reading.tail is not None and reading.tail.interpreter == "none", within=30)
    append(path, CAPTURE)
    await reading.wait_for(OTHER + CAPTURE)


async def test_a_filter_that_babbles_is_done_without(connect: Connect, reading: LineReader, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(OTHER)
    broken = FilterProgram('INIT { syswrite STDOUT, "x" x 200; } ' + WIRE_FILTER.perl, "(")
    reading.start(await connect(), path, broken)
    await reading.wait_for(OTHER, within=30)
    assert reading.tail is not None and reading.tail.interpreter == "none"


def _is_victim(process: psutil.Process, victim: str) -> bool:
    if victim == "sh":
        return "cockpit-tail" in process.cmdline()
    if victim == "guard" or _is_guard(process):
        return victim == "guard" and _is_guard(process)
    return _name(process) == victim


class Faulty:
    """A reader that comes back after every fault, with and without the filter in turn."""

    def __init__(self, sshd: Sshd, relay: Relay, path: Path, choose: random.Random) -> None:
        self.sshd, self.relay, self.path, self.choose = sshd, relay, path, choose
        self.keys = MemoryHostKeys()
        self.reader = LineReader()
        self.connection: Connection | None = None

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
        wire_filter = self.choose.choice((None, WIRE_FILTER, ONLY["node"]))
        self.reader.start(self.connection, self.path, wire_filter, polling=self.choose.choice((None, 0.1)))

    async def fault(self) -> None:
        """Do one thing to the link, or let it be."""
        act = self.choose.random()
        if act < 0.4:
            self.relay.cut_after = self.relay.downstream + self.choose.randrange(1, 20_000)
        elif act < 0.5:
            self.relay.cut()
        elif act < 0.6:
            self.sshd.kill_sessions()
        else:
            self.relay.cut_after = None
            await asyncio.sleep(self.choose.random() * 0.2)

    async def close(self) -> None:
        """End reading and the connection."""
        await self.reader.stop()
        if self.connection is not None:
            await self.connection.close()


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_faults(sshd: Sshd, tmp_path: Path, seed: int) -> None:
    """Every line once at its place, over cuts and killed sessions."""
    path = tmp_path / "out"
    path.write_bytes(b"")
    choose = random.Random(seed)
    source = CAPTURE + OTHER
    data = b""
    async with Relay(sshd.port) as relay:
        run = Faulty(sshd, relay, path, choose)
        for _ in range(int(os.environ.get("REMOTE_FAULTS", "40"))):
            await run.reconnect()
            at = len(data) % len(source)
            chunk = (source + source)[at : at + choose.randrange(1, 30_000)]
            append(path, chunk)
            data += chunk
            await run.fault()
        relay.cut_after = None
        append(path, b"\n")
        data += b"\n"
        deadline = time.monotonic() + 40
        while not run.reader.lines or run.reader.lines[-1].end != len(data):
            assert time.monotonic() < deadline, f"seed {seed}"
            await run.reconnect()
            await asyncio.sleep(0.05)
        assert places(run.reader.lines) == places(LineSplitter().feed(data)) and not run.reader.resets
        await run.close()
        await until(lambda: not sshd.readers(path) and not filters(sshd), within=8)
