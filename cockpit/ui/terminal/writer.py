"""Writes to the terminal in a thread of its own: a terminal that does not read, or is gone, stops nobody."""

from __future__ import annotations

import os
import re
import select
import threading
import time
from collections import deque
from collections.abc import Callable

from cockpit.ui.terminal.replica import Replica

MAX_WAITING = 2_000_000
"""Characters beside frames that may wait for a terminal that does not read. Beyond that all but modes are dropped."""
STOP_LIMIT = 1.0
"""Seconds the end waits for the terminal to take what restores it."""

FRAMES_KNOWN = 64
"""Frames of which it is known when the terminal took them."""

HAND_OVER = 0.005
"""Seconds that whoever draws a frame gives the thread, if it writes nothing, to write what is new in it. Both need the
interpreter, and often the same processor: a frame that is ready (the cursor) would wait for what is drawn next (another
agent's output), four of its seven milliseconds in one of seven times."""

STALLED = 1.0
"""Seconds that one write takes after which nothing more is drawn until it is done: nobody would see it."""

ROOM_LIMIT = 1.0
"""Seconds between two looks whether a terminal that must not be waited for has room."""
BUSY_PAUSE = 0.01
"""Seconds until the next try at a terminal that takes nothing although it says it has room: another writer is at it."""

_MODES = re.compile(r"(?:\x1b\[[?<>=]?[0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p)+")
"""Settings of the terminal, which hold until they are taken back: they are never dropped."""


class TerminalWriter:
    """One terminal's output, in order. Nothing here raises for what the terminal does, or waits for one that does not
    read: a frame holds its caller up for `HAND_OVER` at most, and only where nothing is being written.

    Of frames there is one, the newest: while the terminal does not read, later ones take its place.
    """

    def __init__(
        self,
        descriptor: int,
        replica: Replica,
        *,
        closed: Callable[[OSError], None],
        failed: Callable[[Exception], None],
        reads_again: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; `start` begins.

        Args:
            descriptor: the terminal.
            replica: whose differences are written.
            closed: called once, in the writing thread, when the terminal is gone.
            failed: called once, in the writing thread, with an error of ours.
            reads_again: called in the writing thread each time a terminal that stalled has taken what waited.
        """
        self._descriptor = descriptor
        self._replica = replica
        self._closed = closed
        self._failed = failed
        self._reads_again = reads_again
        self._frames: deque[tuple[float, float]] = deque(maxlen=FRAMES_KNOWN)
        """When the writing of the last frames began and ended."""
        self._began: float | None = None
        """When the write began that goes on now."""
        self._texts: deque[str] = deque()
        self._size = 0
        self._frame_waits = False
        self._change = threading.Condition()
        self._shown = threading.Event()
        """Set when the terminal has taken a frame."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="terminal-output", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def write(self, text: str) -> None:
        """Have what is no frame (a mode, a bell, a text for the clipboard) written after those before it."""
        with self._change:
            self._texts.append(text)
            self._size += len(text)
            if self._size > MAX_WAITING:
                self._texts = deque(kept for kept in self._texts if _MODES.fullmatch(kept))
                self._size = sum(map(len, self._texts))
            self._change.notify()

    def show(self) -> None:
        """Have the terminal show the newest frame, as soon as it reads."""
        with self._change:
            self._frame_waits = True
            self._shown.clear()
            self._change.notify()
        if self._began is None and self._thread.is_alive():
            self._shown.wait(HAND_OVER)

    @property
    def stalls(self) -> bool:
        """Whether the terminal has not taken what was written for so long that nobody seems to look."""
        began = self._began
        return began is not None and time.monotonic() - began > STALLED

    def taken(self, composed: float) -> float | None:
        """Return when the terminal had taken a frame composed at a moment, or a later one; None if it has not yet."""
        with self._change:
            return next((ended for began, ended in self._frames if began >= composed), None)

    def stop(self) -> None:
        """Write what waits, as far as the terminal takes it within `STOP_LIMIT`, and end."""
        with self._change:
            self._stopping = True
            self._change.notify()
        self._thread.join(STOP_LIMIT)

    def _run(self) -> None:
        while True:
            with self._change:
                while not self._texts and not self._frame_waits and not self._stopping:
                    self._change.wait()
                if not self._texts and not self._frame_waits:
                    return
                text = "".join(self._texts)
                self._texts.clear()
                self._size = 0
                frame_waits, self._frame_waits = self._frame_waits, False
            try:
                self._write(text)
                if frame_waits:
                    began = time.monotonic()
                    self._write(self._replica.difference())
                    self._shown.set()
                    with self._change:
                        self._frames.append((began, time.monotonic()))
            except OSError as error:
                self._closed(error)
                break
            except Exception as error:
                self._failed(error)
                break
        self._discard()

    def _write(self, text: str) -> None:
        """Write all of a text.

        Raises:
            OSError: the terminal is gone.
        """
        data = memoryview(text.encode("utf-8", "replace"))
        self._began = time.monotonic()
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                self._wait_for_room()
        stalled, self._began = self.stalls, None
        if stalled:
            self._reads_again()

    def _wait_for_room(self) -> None:
        """Wait until the terminal takes more.

        Whoever shares the terminal with the cockpit, e.g. the program that started it, may have made it one that must
        not be waited for (O_NONBLOCK); that holds for all who write to it and is not the cockpit's to change.
        """
        poller = select.poll()
        poller.register(self._descriptor, select.POLLOUT)
        if poller.poll(ROOM_LIMIT * 1000):
            time.sleep(BUSY_PAUSE)

    def _discard(self) -> None:
        """Take whatever comes and drop it, until the end."""
        with self._change:
            while not self._stopping:
                self._texts.clear()
                self._size = 0
                self._change.wait()
