"""A terminal for a program under test: a pty with a screen that can be read."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pyte

LIMIT = 60.0
"""Seconds a program has to show what is waited for."""


class Terminal:
    """A program on a pty, and what its screen shows."""

    def __init__(self, program: subprocess.Popen[bytes], descriptor: int, columns: int, rows: int) -> None:
        self._program = program
        self._descriptor = descriptor
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def text(self) -> str:
        """The screen's rows."""
        return "\n".join(self._screen.display)

    def type(self, keys: bytes) -> None:
        """Send keys."""
        os.write(self._descriptor, keys)

    def wait_for(self, condition: Callable[[str], bool], what: str) -> None:
        """Take in output until the screen is as wanted."""
        deadline = time.monotonic() + LIMIT
        while not condition(self.text):
            assert self._take_in(deadline), f"never came: {what}\n{self.text}"

    def wait_for_end(self) -> int:
        """Take in output until the program ends; returns its exit code."""
        deadline = time.monotonic() + LIMIT
        while self._take_in(deadline):
            pass
        return self._program.wait(max(1.0, deadline - time.monotonic()))

    def _take_in(self, deadline: float) -> bool:
        """Read once; False at the end of the output or of the time."""
        readable, _, _ = select.select([self._descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if not readable:
            return False
        try:
            output = os.read(self._descriptor, 65_536)
        except OSError:
            # Linux says so when the last process has closed its side.
            return False
        self._stream.feed(output)
        return bool(output)


@contextlib.contextmanager
def on_a_terminal(
    command: Sequence[str], environment: Mapping[str, str], directory: Path, columns: int = 120, rows: int = 40
) -> Iterator[Terminal]:
    """Run a program on a terminal of its own; it is ended with the block."""
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        with subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=dict(environment),
            cwd=directory,
            start_new_session=True,
        ) as program:
            os.close(theirs)
            try:
                yield Terminal(program, ours, columns, rows)
            finally:
                if program.poll() is None:
                    program.kill()
    finally:
        os.close(ours)
