"""Signals that ask the process to end: it leaves in good order, once and within a bound."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

ASKED_TO_END = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Signals that end a process by default; the cockpit leaves in good order instead."""

DEPARTURE_LIMIT = 8.0
"""Seconds leaving may take; then the process ends as it is, e.g. when its output is a pipe that nobody reads."""


class Departure:
    """Within the block, a signal that asks the process to end makes it leave in good order, once and bounded.

    What is left of the block then is unwound as in a cancellation, and `exit_code` tells the signal.
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
        self._timer: threading.Timer | None = None
        # What is ignored stays ignored: that is how `nohup` asks for it.
        self._signals = [number for number in ASKED_TO_END if signal.getsignal(number) is not signal.SIG_IGN]

    def arm(self) -> None:
        """Take the signals, also back from who took them meanwhile."""
        for number in self._signals:
            signal.signal(number, self._asked)

    def _asked(self, number: int, _: FrameType | None) -> None:
        if self.exit_code:
            return
        self.exit_code = 128 + number
        self._timer = threading.Timer(DEPARTURE_LIMIT, os._exit, (self.exit_code,))
        self._timer.daemon = True
        self._timer.start()
        self._loop.call_soon_threadsafe(self.act)

    def __enter__(self) -> Departure:
        self.arm()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        for number in self._signals:
            signal.signal(number, signal.SIG_DFL)
        if self._timer is not None:
            self._timer.cancel()
        return self.exit_code != 0 and isinstance(error, asyncio.CancelledError)
