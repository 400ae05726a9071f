"""Bytes that a thread writes while the event loop goes on; who sends them is told to wait where they pile up."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

HIGH = 1 << 19
"""Bytes that may wait; beyond that the sender is told to pause."""
LOW = 1 << 17
"""Bytes below which it goes on."""


class ByteSender(Protocol):
    """Whoever the bytes come from."""

    def pause(self) -> None:
        """Send no more."""

    def resume(self) -> None:
        """Go on."""


class ByteFlow:
    """What one sender says on its two streams, in the order in which it came."""

    def __init__(self, write: Callable[[bytes, bool], None]) -> None:
        """Prepare and begin; to be made on the loop.

        Args:
            write: writes bytes, of standard error or not; called in a thread of its own, and may block and raise.
        """
        self.sender: ByteSender | None = None
        """Who is told to pause; set once there is one."""
        self.failure: BaseException | None = None
        """Why nothing is written any more."""
        self.ended = asyncio.Event()
        """Set when nothing is written any more: all is, or it failed."""
        self._write = write
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[bytes, bool]] = deque()
        self._size = 0
        self._paused = False
        self._last = False
        self._change = threading.Condition()
        threading.Thread(target=self._run, name="byte flow", daemon=True).start()

    def put(self, data: bytes, stderr: bool) -> None:
        """Have bytes written; returns at once."""
        with self._change:
            if self.failure is not None:
                return
            self._waiting.append((data, stderr))
            self._size += len(data)
            self._change.notify()
        if self._size > HIGH and not self._paused and self.sender is not None:
            self._paused = True
            self.sender.pause()

    async def finish(self) -> None:
        """Return once all is written, or nothing can be."""
        with self._change:
            self._last = True
            self._change.notify()
        await self.ended.wait()

    def drop(self) -> None:
        """Write nothing more that waits."""
        with self._change:
            self._waiting.clear()
            self._size = 0
            self._last = True
            self._change.notify()

    def _run(self) -> None:
        try:
            while (taken := self._take()) is not None:
                self._write(*taken)
        except BaseException as error:
            with self._change:
                self.failure = error
                self._waiting.clear()
        self._call(self.ended.set)

    def _take(self) -> tuple[bytes, bool] | None:
        with self._change:
            while not self._waiting and not self._last:
                self._change.wait()
            if not self._waiting:
                return None
            data, stderr = self._waiting.popleft()
            self._size -= len(data)
            if self._paused and self._size < LOW:
                self._call(self._go_on)
            return data, stderr

    def _go_on(self) -> None:
        if self._paused and self.sender is not None:
            self._paused = False
            self.sender.resume()

    def _call(self, act: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(act)
