"""A thread that lets those go first that somebody waits for."""

from __future__ import annotations

import contextlib
import os
import sys
import threading


def give_way() -> None:
    """Have the thread that calls this interrupt no other when it wakes up (`SCHED_BATCH`, sched(7)); Linux only.

    Its share of the processors stays what it was. Without it the thread that writes the history, woken beside the one
    that writes a frame, took its processor for a whole transaction, 3 ms and more, while another one idled.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # whoever forbids it, e.g. a filter of system calls
            os.sched_setscheduler(threading.get_native_id(), os.SCHED_BATCH, os.sched_param(0))
