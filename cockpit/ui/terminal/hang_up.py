"""The end of a process whose terminal is gone: its bound and its exit code, for verbs and for the screen."""

from __future__ import annotations

import os
import signal
import threading

HANG_UP_LIMIT = 1.5
"""Seconds an orderly end may take when the terminal is gone: nobody waits for anything that could still be shown."""

HUNG_UP = 128 + signal.SIGHUP
"""Exit code where the terminal is gone, as a shell tells it."""


def end_within(seconds: float, exit_code: int) -> None:
    """End the process as it is once the seconds are over; kept by a thread, since the event loop may stand still."""
    timer = threading.Timer(seconds, os._exit, (exit_code,))
    timer.daemon = True
    timer.start()
