"""Hands this terminal to one on a VM: every byte both ways, the size as it changes, and afterwards all as it was.

What the VM sends is not sanitised here: it is its own screen, as with `ssh`. What it may have left is taken back.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import termios
import tty
from collections.abc import Awaitable, Callable, Iterator

from cockpit.model.reach import RemoteTerminal
from cockpit.text.clean import Clean
from cockpit.text.sanitize import our_line
from cockpit.ui.terminal.byte_flow import ByteFlow
from cockpit.ui.terminal.escape_keys import EscapeKeys, Wish
from cockpit.ui.terminal.restoring import END_STRINGS, KEEP_TITLE, ScreenWatch, scrolled_away, swallow_answers

INPUT = 0
OUTPUT = 1

SIZE_LOOK = 0.15
"""Seconds between two looks at the size: one process has one handler for the signal of its change."""

READ_SIZE = 1 << 16

LEFT = 0
"""The exit code where the operator left by `~.`."""

FLUSH_LIMIT = 2.0
"""Seconds this terminal gets to take what the VM drew last."""

USUAL_SIZE = (80, 24)

HELP = b"\r\n~.  leave the shell   ~~  a tilde   ~?  this\r\n"

Open = Callable[[tuple[int, int], Callable[[bytes, bool], None]], Awaitable[RemoteTerminal]]
"""Opens the terminal on the VM, of a size, and with who hears it."""


class PassThrough:
    """One terminal of this machine, while another one speaks through it."""

    def __init__(self, input_descriptor: int = INPUT, output_descriptor: int = OUTPUT, *, afresh: bool = False) -> None:
        """Prepare.

        Args:
            input_descriptor: where keys come from.
            output_descriptor: where it is drawn.
            afresh: what the terminal shows is moved out of sight first: it is nothing that led here.
        """
        self._afresh = afresh
        self._input = input_descriptor
        self._output = output_descriptor
        self._keys = EscapeKeys()
        self._screen = ScreenWatch()
        self._left = asyncio.Event()
        self._remote: RemoteTerminal | None = None
        self._size = USUAL_SIZE

    async def carry(self, open_terminal: Open, aside: Callable[[], contextlib.AbstractContextManager[None]]) -> int:
        """Open a terminal and carry it to its end; return its exit code.

        Args:
            open_terminal: opens it; what it draws at once is kept until the terminal is free.
            aside: within this, nothing else draws here; entered once there is something to show.

        Raises:
            CockpitError: it could not be opened, or its stream ended and nobody said how it did.
        """
        self._size = self._look()
        flow: ByteFlow | None = None
        early: list[bytes] = []

        def heard(data: bytes, _stderr: bool) -> None:
            flow.put(data, False) if flow is not None else early.append(data)

        remote = self._remote = await open_terminal(self._size, heard)
        try:
            with aside(), self._raw():
                flow = ByteFlow(self._draw)
                flow.sender = remote
                flow.put(b"".join(early), False)
                telling = asyncio.create_task(self._tell(remote, flow), name="why nothing is heard")
                try:
                    return await self._until_ended(remote)
                finally:
                    telling.cancel()
                    await asyncio.gather(telling, return_exceptions=True)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(FLUSH_LIMIT):
                            await flow.finish()
                    flow.drop()
        finally:
            await remote.close()

    async def _until_ended(self, remote: RemoteTerminal) -> int:
        ending = asyncio.create_task(remote.wait(), name="end of the terminal")
        works = [
            asyncio.create_task(self._send_keys(remote), name="keys to the VM"),
            asyncio.create_task(self._send_sizes(remote), name="sizes to the VM"),
            asyncio.create_task(self._left.wait(), name="leave the terminal"),
        ]
        try:
            await asyncio.wait((ending, works[0], works[2]), return_when=asyncio.FIRST_COMPLETED)
            if not ending.done():
                return LEFT
            return ending.result()
        finally:
            for task in (ending, *works):
                task.cancel()
            await asyncio.gather(ending, *works, return_exceptions=True)

    async def _send_keys(self, remote: RemoteTerminal) -> None:
        """Send what is typed, until the terminal is gone; while the VM takes nothing, nothing is read."""
        loop = asyncio.get_running_loop()
        while True:
            readable = asyncio.Event()
            loop.add_reader(self._input, readable.set)
            try:
                await readable.wait()
            finally:
                loop.remove_reader(self._input)
            try:
                data = os.read(self._input, READ_SIZE)
            except BlockingIOError:
                continue
            except OSError:
                return
            if not data:
                return
            sent, wish = self._keys.typed(data)
            if sent:
                await remote.write(sent)
            if wish is Wish.LEAVE:
                self._left.set()
                return
            if wish is Wish.HELP:
                self._write(HELP)

    async def _tell(self, remote: RemoteTerminal, flow: ByteFlow) -> None:
        """Say here, between what the VM draws, why nothing is heard of it, and when it goes on."""
        async for reason in remote.hindrances():
            flow.put(reason.encode("utf-8", "backslashreplace"), True)
            if not reason and self._screen.other:
                # What draws on the whole screen draws it anew, over the notice, when its size changes.
                columns, rows = self._size
                remote.resize(columns, max(1, rows - 1))
                remote.resize(columns, rows)

    def _notice(self, reason: str) -> bytes:
        """Return a line of ours: among the others, or in the last row of a screen that a program has to itself."""
        columns, rows = self._size
        said = our_line("cockpit: {}", reason or "it is heard again, and all goes on")
        text = b"\x1b[0;7m " + _within(said, columns - 3).encode() + b" \x1b[0m"
        if self._screen.other:
            return END_STRINGS + b"\x1b7\x1b[%d;1H" % rows + text + b"\x1b[K\x1b8"
        return END_STRINGS + b"\r\n" + text + b"\r\n"

    async def _send_sizes(self, remote: RemoteTerminal) -> None:
        while True:
            size = self._look()
            if size != self._size:
                self._size = size
                remote.resize(*size)
            await asyncio.sleep(SIZE_LOOK)

    def _look(self) -> tuple[int, int]:
        with contextlib.suppress(OSError):
            size = os.get_terminal_size(self._output)
            if size.columns and size.lines:
                return size.columns, size.lines
        return USUAL_SIZE

    @contextlib.contextmanager
    def _raw(self) -> Iterator[None]:
        """Let every key through for the time of the block; afterwards all is as it was."""
        before = termios.tcgetattr(self._input)
        self._write(KEEP_TITLE + (scrolled_away(self._look()[1]) if self._afresh else b""))
        # What was typed ahead is meant for the VM, and what is typed now for whoever has the terminal next.
        tty.setraw(self._input, termios.TCSADRAIN)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                self._write(self._screen.restoring())
                if self._screen.asked:
                    swallow_answers(self._input, self._output)
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._input, termios.TCSADRAIN, before)

    def _draw(self, data: bytes, notice: bool) -> None:
        """Write what the VM draws, or a notice of ours: where that goes depends on what was drawn before it."""
        if notice:
            self._write(self._notice(data.decode()))
            return
        self._screen.take(data)
        self._write(data)

    def _write(self, data: bytes) -> None:
        """Write all bytes, also where the terminal may not be waited for.

        Raises:
            OSError: it is gone.
        """
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._output, left) :]
            except BlockingIOError:
                select.select([], [self._output], [], 1.0)


def _within(text: Clean, columns: int) -> str:
    """Return as much of a line as surely fits into so many columns: what is not ASCII may take two."""
    width = 0
    for at, character in enumerate(text):
        width += 1 if character.isascii() else 2
        if width > columns:
            return text[:at]
    return text
