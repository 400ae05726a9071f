"""How much wants the operator, counted once for a snapshot and a second: several parts of a screen say it."""

from __future__ import annotations

from cockpit.model.attention import Tally, attention, tally
from cockpit.model.fleet import Fleet


class Tallies:
    """The last count."""

    def __init__(self) -> None:
        self._last: tuple[Fleet, float, Tally] | None = None

    def of(self, fleet: Fleet, now: float) -> Tally:
        """Return the count; it is made anew for another snapshot, and in another second."""
        if self._last is None or self._last[0] is not fleet or not 0 <= now - self._last[1] < 1:
            self._last = (fleet, now, tally(attention(fleet, now)))
        return self._last[2]
