"""A pseudo-terminal with a real program in it, and what the program left switched on."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

from tests.emulator import Cell, Emulator
from tests.forked.command import screens
from tests.forked.process import ForkedProcess

ALTERNATE_SCREEN, CURSOR, PASTE = 1049, 25, 2004
MOUSE = (1000, 1002, 1003, 1006, 1015)

_KNOWS_TOGETHER = b"\x1b[?2026$p"
"""Asks whether a terminal knows the mode."""
_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")


class Terminal:
    """A program on a terminal of 120 by 40 cells. Everything it wrote is kept."""

    def __init__(
        self,
        command: list[str],
        environment: dict[str, str],
        directory: Path,
        *,
        kind: str = "xterm-256color",
        output: Path | None = None,
        errors: Path | None = None,
        forked: bool = False,
        synchronised: bool = False,
    ) -> None:
        """Start a program.

        Args:
            command: the program and its arguments.
            environment: all its variables, but for those that tell of the terminal.
            directory: where it starts.
            kind: the value of TERM.
            output: where its standard output goes instead of to the terminal.
            errors: where its standard error goes instead of to the terminal.
            forked: the command is `python -m MODULE WORDS…`, and the program a fork of what has loaded that.
            synchronised: it says that it knows how to show a frame at once (mode 2026).
        """
        self.seen = bytearray()
        self._synchronised = synchronised
        self._unshown = bytearray()
        self._emulator = Emulator(120, 40)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.settings = termios.tcgetattr(slave)
        self._slave = slave
        kept = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
        variables = {**kept, "TERM": kind, "TEXTUAL_ANIMATIONS": "none"}
        self.process: subprocess.Popen[bytes] | ForkedProcess
        with contextlib.ExitStack() as opened:
            stdout, stderr = (
                slave if path is None else opened.enter_context(path.open("wb")).fileno() for path in (output, errors)
            )
            if forked:
                words, streams = command[command.index("-m") + 1 :], (slave, stdout, stderr)
                self.process = ForkedProcess(screens(), words, directory, variables, streams)
            else:
                self.process = subprocess.Popen(
                    command,
                    stdin=slave,
                    stdout=stdout,
                    stderr=stderr,
                    cwd=directory,
                    env=variables,
                    start_new_session=True,
                )

    def write(self, data: bytes) -> None:
        """Type something."""
        os.write(self._master, data)

    def resize(self, width: int, height: int) -> None:
        """Give the terminal another size in cells."""
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self._emulator.resize(max(width, 1), max(height, 1))
        os.kill(self.process.pid, signal.SIGWINCH)

    def forbid_waiting(self) -> None:
        """Make the terminal one that must not be waited for, as a process that shares it may do at any time."""
        os.set_blocking(self._slave, False)

    def hang_up(self) -> None:
        """Take the terminal away, as a window that is closed does."""
        os.close(self._slave)
        os.close(self._master)
        self._slave = self._master = -1

    def read(self, seconds: float, most: int = 65536) -> bool:
        """Take what the program writes within some seconds, so many bytes at most; False if it wrote nothing."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        try:
            chunk = os.read(self._master, most)
        except OSError:
            return False
        if self._synchronised and _KNOWS_TOGETHER in chunk:
            self.write(b"\x1b[?2026;2$y")
        self.seen += chunk
        self._unshown += chunk
        return bool(chunk)

    def waiting(self) -> int:
        """Return how many bytes of the program wait to be read."""
        return int.from_bytes(fcntl.ioctl(self._master, termios.FIONREAD, b"\0" * 4), sys.byteorder)

    def shows(self, text: str) -> bool:
        """Say whether a text stands in one line of the screen."""
        self._emulator.feed_bytes(bytes(self._unshown))
        self._unshown.clear()
        return any(text in line for line in self._emulator.lines())

    def lines(self) -> list[str]:
        """Return the text of all lines of the screen."""
        self.shows("")
        return self._emulator.lines()

    def picture(self) -> tuple[list[list[Cell]], tuple[int, int]]:
        """Return the cells of the screen, and where its cursor is."""
        self.shows("")
        return self._emulator.cells(), self._emulator.cursor()

    def blank(self) -> None:
        """Take it that somebody else cleared the screen."""
        self._emulator, self._unshown = Emulator(*self._emulator.size()), bytearray()

    def read_until(self, condition: Callable[[], bool], what: str, limit: float = 40.0) -> None:
        """Read until a condition holds."""
        deadline = time.monotonic() + limit
        while not condition():
            assert time.monotonic() < deadline, f"never came: {what}; {self.lines()}; {bytes(self.seen[-1500:])!r}"
            self.read(0.05)

    def end(self, number: signal.Signals, limit: float = 20.0) -> float:
        """Send a signal and return the seconds until the program had ended."""
        began = time.monotonic()
        os.kill(self.process.pid, number)
        while self.process.poll() is None and time.monotonic() - began < limit:
            self.read(0.01)
        seconds = time.monotonic() - began
        while self.read(0.1):
            pass
        return seconds

    def modes(self) -> dict[int, bool]:
        """Return the private modes the program ever set or reset, as they stand now."""
        found: dict[int, bool] = {}
        for numbers, act in _MODE.findall(bytes(self.seen)):
            for number in numbers.split(b";"):
                found[int(number)] = act == b"h"
        return found

    def assert_restored(self) -> None:
        """Assert that the terminal is as a shell wants it."""
        modes = self.modes()
        assert modes.get(ALTERNATE_SCREEN) is False, "left in the alternate screen"
        assert modes.get(CURSOR, True) is True, "the cursor is hidden"
        assert not [mode for mode in (*MOUSE, PASTE) if modes.get(mode)], f"still on: {modes}"
        now = termios.tcgetattr(self._slave)
        assert now[:4] == self.settings[:4], "echo or line mode is still off"

    def close(self) -> None:
        """End the program if it has not, and the terminal."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(20)
        if self._master >= 0:
            os.close(self._master)
            os.close(self._slave)
