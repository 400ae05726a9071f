"""What asks the process to end, a signal or an output that nobody reads: it leaves in good order, within a bound."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import select
import signal
import termios
import threading
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType

from cockpit.text.streams import OutputClosed, output_pipe
from cockpit.ui.terminal.hang_up import HANG_UP_LIMIT, HUNG_UP, end_within

ASKED_TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Signals that end a process by default; the cockpit leaves in good order instead."""

EXIT_LIMIT = 8.0
"""Seconds leaving may take; then the process ends as it is, e.g. when its output is a pipe that nobody reads."""


INPUT = 0
"""The descriptor of the terminal that a screen reads."""


@contextlib.contextmanager
def while_somebody_reads() -> Iterator[None]:
    """Within the block, the end of the output's reader ends the block, also while there is nothing to print.

    For verbs that only read: a command is not given up because nobody looks.

    Raises:
        OutputClosed: the reader is gone.
    """
    descriptor, task = output_pipe(), asyncio.current_task()
    if descriptor is None or task is None:
        yield
        return
    loop, gone = asyncio.get_running_loop(), False

    def leave() -> None:
        nonlocal gone
        gone = True
        loop.remove_reader(descriptor)
        task.cancel()

    # Nothing can be read from the writing end: it becomes ready when there is no reader any more.
    loop.add_reader(descriptor, leave)
    try:
        yield
    except asyncio.CancelledError:
        if not gone:
            raise
        raise OutputClosed from None
    finally:
        loop.remove_reader(descriptor)


class TookTooLong(Exception):
    """A computation that could not be known to end was ended."""


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Bound a computation that never waits, e.g. a search by somebody's expression; for the main thread alone.

    Raises:
        TookTooLong: it had not ended by then.
    """
    computing = True

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal computing
        if computing:
            computing = False
            raise TookTooLong

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        # What rings from here on ends nothing.
        computing = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def on_interrupt(act: Callable[[], object]) -> Iterator[None]:
    """Within the block, SIGINT calls something on the event loop instead of ending the verb.

    For a verb that stands for a command elsewhere: the interrupt is meant for that one.
    """
    loop, former = asyncio.get_running_loop(), signal.getsignal(signal.SIGINT)
    if former is signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(act))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


class TerminalWatch:
    """Notices that the terminal is gone, whatever the process does: it imports, starts an engine, or stands still.

    A terminal's end is told to a thread that waits for no input. The signal for it (SIGHUP) comes only to those whose
    controlling terminal it was.
    """

    def __init__(self) -> None:
        """Begin, if the input is a terminal; where that is gone already, the process ends here."""
        self.act: Callable[[], object] = lambda: os._exit(HUNG_UP)
        """What is done then, in the thread that noticed; by default the process ends as it is."""
        try:
            termios.tcgetattr(INPUT)
        except termios.error as error:
            if error.args and error.args[0] == errno.EIO:
                self.act()
            return
        threading.Thread(target=self._wait, name="terminal-watch", daemon=True).start()

    def _wait(self) -> None:
        poller = select.poll()
        poller.register(INPUT, 0)
        if any(event & (select.POLLHUP | select.POLLERR) for _, event in poller.poll()):
            self.act()


class GracefulExit:
    """Within the block, a signal that asks the process to end makes it leave in good order, once and bounded.

    What is left of the block then is unwound as in a cancellation, and `exit_code` tells the signal. The bound is kept
    by a thread, since what stands still may be the event loop.
    """

    def __init__(self) -> None:
        """Prepare; to be made and entered by the task that shall leave."""
        task = asyncio.current_task()
        assert task is not None
        self.act: Callable[[], object] = task.cancel
        """What makes the block end; by default its task is cancelled."""
        self.exit_code = 0
        """128 and the signal's number, as a shell tells it; 0 without a signal."""
        self._loop = asyncio.get_running_loop()
        # What is ignored stays ignored: that is how `nohup` asks for it.
        self._signals = [number for number in ASKED_TO_END if signal.getsignal(number) is not signal.SIG_IGN]

    def _asked(self, number: int, _: FrameType | None) -> None:
        first = not self.exit_code
        if first:
            self.exit_code = 128 + number
        elif number != signal.SIGHUP:
            return
        limit = HANG_UP_LIMIT if number == signal.SIGHUP else EXIT_LIMIT
        end_within(limit, self.exit_code)
        if not first:
            return  # it leaves already; without a terminal it has less time for that
        with contextlib.suppress(RuntimeError):  # the loop has ended, and the rest is bounded
            self._loop.call_soon_threadsafe(lambda: self.act())

    def hang_up(self) -> None:
        """Leave as SIGHUP asks for it, also where that signal went to another process; any thread may call this."""
        self._asked(signal.SIGHUP, None)

    def __enter__(self) -> GracefulExit:
        for number in self._signals:
            signal.signal(number, self._asked)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        # The bound holds for the rest of the process, too: a thread that nobody can end may keep it alive.
        for number in self._signals:
            signal.signal(number, signal.SIG_DFL)
        return self.exit_code != 0 and isinstance(error, asyncio.CancelledError)
