"""The writing thread: what stalls is known, is waited for by nobody, and is told to be over."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from cockpit.ui.terminal import writer
from cockpit.ui.terminal.replica import Replica
from cockpit.ui.terminal.writer import TerminalWriter
from tests.emulator import Emulator
from tests.fleets import poll

WIDTH, HEIGHT = 200, 60


class Ends:
    """A writer on a pipe, the replica it shows, and what it says."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.replica = Replica()
        self.replica.enter()
        self.reads_again = threading.Event()
        self.failures: list[Exception] = []
        self.writer = TerminalWriter(
            self.writing,
            self.replica,
            closed=self.failures.append,
            failed=self.failures.append,
            reads_again=self.reads_again.set,
        )

    def show(self, sign: str) -> None:
        """Fill the screen with a sign."""
        strips = [[Strip([Segment(sign * WIDTH)])] for _ in range(HEIGHT)]
        update = LayoutUpdate(strips, Region(0, 0, WIDTH, HEIGHT))  # type: ignore[arg-type]
        self.replica.note(update, (0, 0), colours=ColorSystem.TRUECOLOR)
        self.writer.show()

    def has_taken(self, composed: float) -> bool:
        """Say whether the terminal has taken what was drawn at a moment."""
        return self.writer.taken(composed) is not None


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ends]:
    """A writer that was started, whose terminal counts as stalled soon."""
    monkeypatch.setattr(writer, "STALLED", 0.05)
    made = Ends()
    made.writer.start()
    yield made
    os.close(made.reading)
    made.writer.stop()
    os.close(made.writing)


def test_a_terminal_that_stalls_is_known_and_gets_the_newest_frame_when_it_reads(ends: Ends) -> None:
    assert not ends.writer.stalls
    for number in range(40):  # more than a pipe holds
        ends.show("ab"[number % 2])
    ends.writer.write("\x1b]0;" + "x" * 100_000 + "\x07")
    poll(lambda: ends.writer.stalls, "a stall")
    ends.reads_again.clear()  # a busy machine may have held an earlier write up for as long as counts as one
    for sign in "cdefghij":
        ends.show(sign)
    assert not ends.reads_again.is_set()
    terminal, read = Emulator(WIDTH, HEIGHT), bytearray()
    while b"j" not in read:
        read += os.read(ends.reading, 65536)
    assert ends.reads_again.wait(10)
    assert not ends.writer.stalls
    while terminal.lines() != ["j" * WIDTH] * HEIGHT:
        terminal.feed_bytes(bytes(read))
        read = bytearray() if terminal.lines() == ["j" * WIDTH] * HEIGHT else bytearray(os.read(ends.reading, 65536))
    assert not ends.failures


def test_a_terminal_that_reads_is_told_nothing(ends: Ends) -> None:
    ends.show("a")
    assert os.read(ends.reading, 65536)
    poll(lambda: ends.writer._began is None, "the end of the write")
    assert not ends.reads_again.is_set()


def test_who_draws_a_frame_goes_on_once_it_is_written(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "HAND_OVER", 60.0)
    os.set_blocking(ends.reading, False)
    for sign in "abc":
        composed = time.monotonic()
        ends.show(sign)
        assert sign.encode() * WIDTH in os.read(ends.reading, 65536)
        poll(partial(ends.has_taken, composed), "a frame that was taken")


def test_who_draws_a_frame_does_not_wait_for_a_terminal_that_does_not_read(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends.writer.write("\x1b]0;" + "x" * 100_000 + "\x07")  # more than a pipe holds
    poll(lambda: ends.writer.stalls, "a stall")
    monkeypatch.setattr(writer, "HAND_OVER", 3600.0)
    ends.show("c")
