"""The clock all ages are measured with: unix seconds that advance with the monotonic clock and never jump."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable


def since_boot() -> float:
    """Return seconds that go on while the machine is suspended, unlike those of `time.monotonic` on Linux."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def moment(at: float) -> str:
    """Return a time as files and services have it: RFC 3339 in UTC, to the millisecond.

    Args:
        at: unix seconds.
    """
    text = datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


class Clock:
    """Wall time at the start plus monotonic time since, so that a corrected system clock makes no age jump."""

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = since_boot) -> None:
        self._monotonic = monotonic
        self._offset = wall() - monotonic()

    def now(self) -> float:
        """Return unix seconds."""
        return self._offset + self._monotonic()
