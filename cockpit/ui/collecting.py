"""Garbage is looked for while nobody types: to look through all that a large fleet holds takes too long for a key."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import monotonic

COLLECT_INTERVAL = 5.0
"""Seconds between two looks whether it is a good moment."""
QUIET = 2.0
"""Seconds without a key after which nobody is expected to type in the next moment."""
LONGEST = 60.0
"""Seconds after which it is done while somebody types as well: it looks through what came since the last time."""
ALL_INTERVAL = 1800.0
"""Seconds between two looks through everything, at a quiet moment."""
ALL_QUIET = 30.0
"""Seconds without a key before such a one."""

AT_REST = 0.04
"""Seconds between two looks at what is new, done when the loop has nothing else to do: what it worked with has gone by
itself then. They are many small ones, for each looks through all that came since the one before and stays. With two
hundred agents that takes 1 ms, where the interpreter's own took 4 to 13 ms twice a second, in the midst of frames."""
MIDDLE = 4
"""Looks at what is new for one that also takes what outlived the one before."""
UNDER_LOAD = 50_000
"""New objects, less those that went, after which the interpreter looks by itself where the loop never rests."""
NEVER = 1_000_000
"""Collections of the middle generation after which the interpreter would look through everything by itself."""


class QuietCollector:
    """Decides when the interpreter's garbage collector looks at what has lived for a while.

    What was looked through is set apart (`gc.freeze`) and not looked at again until the next look through everything,
    so that the others take time for what is new and not for all there is.
    """

    def __init__(self, quiet_for: Callable[[], float]) -> None:
        """Prepare; `start` begins.

        Args:
            quiet_for: returns the seconds since the last key.
        """
        self._quiet_for = quiet_for
        self._thresholds = gc.get_threshold()
        self._last = self._last_all = monotonic()
        self._running = False
        self._young, self._last_young = 0, 0.0
        """Looks at what is new while the loop had nothing to do, and when the last was."""

    def start(self) -> None:
        """Take over; all there is at the start, e.g. what was imported, is set apart at once."""
        self._running = True
        gc.set_threshold(max(self._thresholds[0], UNDER_LOAD), self._thresholds[1], NEVER)
        gc.freeze()

    def is_due(self) -> bool:
        """Tell whether it is time for a look at what is new; asked whenever the loop has nothing to do."""
        return self._running and monotonic() - self._last_young > AT_REST

    def do(self) -> None:
        """Look through what is new."""
        self._last_young = monotonic()
        self._young += 1
        gc.collect(0 if self._young % MIDDLE else 1)

    def look(self) -> None:
        """Collect, if it is a good moment and time for it; to be called every `COLLECT_INTERVAL` seconds."""
        now, quiet = monotonic(), self._quiet_for()
        if now - self._last_all > ALL_INTERVAL and quiet > ALL_QUIET:
            self._last_all = now
            gc.unfreeze()
        elif quiet < QUIET and now - self._last < LONGEST:
            return
        self._last = now
        gc.collect()
        gc.freeze()

    def stop(self) -> None:
        """Leave it to the interpreter again."""
        if self._running:
            self._running = False
            gc.set_threshold(*self._thresholds)
            gc.unfreeze()
