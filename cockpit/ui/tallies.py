"""How much wants the operator, counted once for a snapshot and a second: several parts of a screen say it."""

from __future__ import annotations

from cockpit.model.attention import Tally
from cockpit.model.fleet import Fleet
from cockpit.model.inbox.entries import Inbox, inbox

LATELY = 0.5
"""Seconds for which a key is judged by the last count: a fleet that streams has a new snapshot for each key, and of two
hundred agents a count takes as long as a key may."""


class Tallies:
    """The last count."""

    def __init__(self) -> None:
        self._last: tuple[Fleet, float, Tally] | None = None
        self._inbox = Inbox()
        self._urgency = -1

    def of(self, fleet: Fleet, now: float) -> Tally:
        """Return the count; it is made anew for another snapshot, and in another second."""
        if self._last is None or self._last[0] is not fleet or not 0 <= now - self._last[1] < 1:
            self._inbox = inbox(fleet, now)
            self._last = (fleet, now, self._inbox.counts)
        return self._last[2]

    def entries(self, fleet: Fleet, now: float) -> Inbox:
        """Return what was counted."""
        self.of(fleet, now)
        return self._inbox

    def lately(self, fleet: Fleet, now: float, urgency: int) -> Tally:
        """Return the count of a moment ago, unless an agent began to wait for the operator since.

        Args:
            fleet: the newest snapshot.
            now: unix seconds.
            urgency: as the engine counts those that begin to wait.
        """
        if self._last is not None and urgency == self._urgency and 0 <= now - self._last[1] < LATELY:
            return self._last[2]
        self._urgency = urgency
        return self.of(fleet, now)
