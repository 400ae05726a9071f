"""A terminal that is handed to a VM: the way out, the bytes both ways, the size, and what is put back afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import struct
import termios
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from cockpit.model.reach import RemoteTerminal
from cockpit.remote.errors import Dropped
from cockpit.ui.terminal.byte_flow import HIGH, ByteFlow
from cockpit.ui.terminal.escape_keys import EscapeKeys, Wish
from cockpit.ui.terminal.pass_through import PassThrough
from cockpit.ui.terminal.restoring import ScreenWatch, scrolled_away
from tests.emulator import Emulator
from tests.remote.waiting import until


@pytest.mark.parametrize(
    ("typed", "sent", "wish"),
    [
        (b"ls\r", b"ls\r", None),
        (b"~.", b"", Wish.LEAVE),
        (b"exit\r~.rest", b"exit\r", Wish.LEAVE),
        (b"a~.b", b"a~.b", None),
        (b"~~.", b"~.", None),
        (b"~/x", b"~/x", None),
        (b"\r~?", b"\r", Wish.HELP),
        (b"\x03\x1a\x1c\x00\xff", b"\x03\x1a\x1c\x00\xff", None),
    ],
)
def test_the_way_out_counts_at_the_beginning_of_a_line_only(typed: bytes, sent: bytes, wish: Wish | None) -> None:
    assert EscapeKeys().typed(typed) == (sent, wish)
    keys, passed, found = EscapeKeys(), b"", None
    for byte in typed:
        piece, found = keys.typed(bytes([byte]))
        passed += piece
        if found is not None:
            break
    assert (passed, found) == (sent, wish), "however it is cut"


def test_what_a_program_left_behind_is_taken_back() -> None:
    watch = ScreenWatch()
    for piece in (b"\x1b[?10", b"49h\x1b[?1000h\x1b[>1u", b"text\x1b]0;half a title"):
        watch.take(piece)
    put_back = watch.restoring()
    assert put_back.startswith(b"\x18\x1b\\"), "an unended string is ended first"
    assert put_back.index(b"\x1b[<99u") < put_back.index(b"\x1b[?1049l") < put_back.rindex(b"\x1b[<99u")
    for mode in (1000, 1002, 1003, 1006, 2004, 1004, 2026):
        assert b"\x1b[?%dl" % mode in put_back
    assert b"\x1b[?25h" in put_back and b"\x1b[0m" in put_back
    watch.take(b"\x1b[?1049l")
    assert b"1049" not in watch.restoring(), "it would move the cursor on the main screen"
    assert re.search(rb"\x1b\[\?6[hl]", watch.restoring()) is None


@pytest.mark.parametrize(
    "question", [b"\x1b[c", b"\x1b[>0c", b"\x1b[6n", b"\x1b[?2026$p", b"\x1b]11;?\x07", b"\x1bP+q544e"]
)
def test_what_a_terminal_answers_is_noticed(question: bytes) -> None:
    watch = ScreenWatch()
    watch.take(b"\x1b[31mplain\x1b[0m \x1b]0;title\x07 \x1b[2J")
    assert not watch.asked
    watch.take(question[:2])
    watch.take(question[2:])
    assert watch.asked


def test_what_stood_on_the_terminal_is_out_of_sight() -> None:
    terminal = Emulator(20, 4)
    terminal.feed_bytes(b"$ cockpit\r\nan older shell\r\n")
    terminal.feed_bytes(scrolled_away(4) + b"new$ ")
    assert [line.rstrip() for line in terminal.screen.display] == ["new$", "", "", ""]


async def test_who_sends_too_much_waits_and_a_failure_ends_the_flow() -> None:
    gate, written, told = threading.Event(), bytearray(), []

    class ByteSender:
        def pause(self) -> None:
            told.append("pause")

        def resume(self) -> None:
            told.append("resume")

    def write(data: bytes, stderr: bool) -> None:
        assert gate.wait(10)
        written.extend(data)

    flow = ByteFlow(write)
    flow.sender = ByteSender()
    for _ in range(HIGH // 65536 + 2):
        flow.put(bytes(65536), False)
    assert told == ["pause"]
    gate.set()
    await asyncio.wait_for(flow.finish(), 10)
    await asyncio.sleep(0)
    assert told == ["pause", "resume"] and len(written) == HIGH + 2 * 65536

    def broken(data: bytes, stderr: bool) -> None:
        raise OSError("nobody reads")

    flow = ByteFlow(broken)
    flow.put(b"x", False)
    await asyncio.wait_for(flow.ended.wait(), 10)
    assert str(flow.failure) == "nobody reads"
    flow.put(b"y", False)
    await asyncio.wait_for(flow.finish(), 10)


class Remote:
    """A terminal on a VM as a test plays it."""

    def __init__(self, size: tuple[int, int], heard: Callable[[bytes, bool], None]) -> None:
        self.heard = heard
        self.sizes = [size]
        self.typed = bytearray()
        self.came = asyncio.Event()
        self.end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.closed = False
        self.stands_still: asyncio.Queue[str] = asyncio.Queue()
        heard(b"early ", False)

    async def write(self, data: bytes) -> None:
        self.typed += data
        self.came.set()

    def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))
        self.came.set()

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    async def wait(self) -> int:
        return await self.end

    async def hindrances(self) -> AsyncIterator[str]:
        while True:
            yield await self.stands_still.get()

    async def close(self) -> None:
        self.closed = True

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self.came.clear()
                await self.came.wait()


class Near:
    """The near terminal: the test holds the master, and answers what a terminal is asked."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        self.drawn = bytearray()
        self.resize(90, 30)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self.master, 65536):
                self.drawn += data
                if data.endswith(b"\x1b[c"):
                    os.write(self.master, b"\x1b[12;1R\x1b[?62;22c")

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def close(self) -> None:
        """Close both ends, and only once nobody reads: the number of the master is the next terminal's."""
        os.close(self.slave)
        self._reader.join(10)
        assert not self._reader.is_alive()
        os.close(self.master)


@pytest.fixture
def near() -> Iterator[Near]:
    terminal = Near()
    yield terminal
    terminal.close()


async def test_every_byte_goes_both_ways_and_the_terminal_is_as_it_was(near: Near) -> None:
    before, remotes, aside, away = termios.tcgetattr(near.slave), [], [], asyncio.Event()

    async def open_terminal(size: tuple[int, int], heard: Callable[[bytes, bool], None]) -> RemoteTerminal:
        remotes.append(Remote(size, heard))
        return remotes[0]

    @contextlib.contextmanager
    def stepping() -> Iterator[None]:
        aside.append("away")
        asyncio.get_running_loop().call_soon(away.set)
        yield
        aside.append("back")

    carried = asyncio.create_task(PassThrough(near.slave, near.slave, afresh=True).carry(open_terminal, stepping))
    await asyncio.wait_for(away.wait(), 10)
    remote = remotes[0]
    keys = bytes(range(1, 0x7E)) + b"\x80\xff"
    assert not termios.tcgetattr(near.slave)[3] & (termios.ICANON | termios.ISIG | termios.ECHO)
    os.write(near.master, keys)
    await remote.until(lambda: bytes(remote.typed) == keys)
    near.resize(120, 40)
    await remote.until(lambda: remote.sizes == [(90, 30), (120, 40)])
    drawing = bytes(range(0x20, 0x100)) + b"\x1b[?1049h\x1b[?1000h\x1b[6n"
    remote.heard(drawing, False)
    remote.end.set_result(7)
    assert await asyncio.wait_for(carried, 10) == 7
    assert remote.closed and aside == ["away", "back"] and termios.tcgetattr(near.slave) == before
    drawn = bytes(near.drawn)
    assert b"early " + drawing in drawn and drawn[: drawn.index(b"early ")].count(b"\n") == 30
    assert drawn.index(drawing) < drawn.index(b"\x1b[?1049l")
    # The answers to what the VM asked are not left for whoever reads the terminal next.
    os.set_blocking(near.slave, False)
    with pytest.raises(BlockingIOError):
        os.read(near.slave, 100)


async def test_a_cut_stream_puts_the_terminal_back_too_and_is_said(near: Near) -> None:
    before, remotes = termios.tcgetattr(near.slave), []

    async def open_terminal(size: tuple[int, int], heard: Callable[[bytes, bool], None]) -> RemoteTerminal:
        remotes.append(Remote(size, heard))
        remotes[0].end.set_exception(Dropped("the connection is gone"))
        return remotes[0]

    with pytest.raises(Dropped):
        await asyncio.wait_for(PassThrough(near.slave, near.slave).carry(open_terminal, contextlib.nullcontext), 10)
    assert termios.tcgetattr(near.slave) == before and remotes[0].closed


async def test_why_nothing_is_heard_is_said_in_the_shell_at_once_and_again_when_it_goes_on(near: Near) -> None:
    opened: asyncio.Queue[Remote] = asyncio.Queue()

    async def open_terminal(size: tuple[int, int], heard: Callable[[bytes, bool], None]) -> RemoteTerminal:
        opened.put_nowait(Remote(size, heard))
        return opened._queue[0]  # type: ignore[attr-defined,no-any-return]

    carried = asyncio.create_task(PassThrough(near.slave, near.slave).carry(open_terminal, contextlib.nullcontext))
    remote = await asyncio.wait_for(opened.get(), 10)
    remote.stands_still.put_nowait("the VM is paused\x1b]0;evil\x07")
    await until(lambda: b"cockpit: the VM is paused" in near.drawn)
    assert b"\x1b]0;evil" not in near.drawn and remote.sizes == [(90, 30)]
    assert near.drawn.index(b"\r\n\x1b[0;7m cockpit:") > near.drawn.index(b"early"), "on a line of its own"
    remote.stands_still.put_nowait("")
    await until(lambda: b"goes on" in near.drawn)
    # A program that has the whole screen gets the last row taken, and is made to draw it again.
    remote.heard(b"\x1b[?1049h", False)
    remote.stands_still.put_nowait("nothing is heard: " + "\u6f22" * 200)
    await until(lambda: b"nothing is heard" in near.drawn)
    said = bytes(near.drawn[near.drawn.rindex(b"\x1b7\x1b[30;1H") :]).decode()
    assert said.count("\u6f22") <= 34 and "\n" not in said, "it stays within its row"
    remote.stands_still.put_nowait("")
    await remote.until(lambda: len(remote.sizes) == 3)
    assert remote.sizes == [(90, 30), (90, 29), (90, 30)]
    remote.end.set_result(0)
    await asyncio.wait_for(carried, 10)
