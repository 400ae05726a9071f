"""What a turn took: from a message of the operator's to the next one."""

from __future__ import annotations

from typing import NamedTuple

from cockpit.model.transcript.entry import Entry


class TurnSpent(NamedTuple):
    """What a turn took so far."""

    seconds: float | None = None
    """None where the agent does not say it."""
    cost: float = 0.0
    """US dollars."""


NOTHING_SPENT = TurnSpent()


class TurnSum(NamedTuple):
    """A turn up to some entry of it."""

    key: int | None = None
    """Of the message that it began with; None where that is not laid out."""
    said_at: float | None = None
    ended_at: float | None = None
    cost: float = 0.0

    @staticmethod
    def begun(entry: Entry) -> TurnSum:
        """Return the turn that begins with a message."""
        return TurnSum(entry.key, entry.said_at)

    def with_entry(self, entry: Entry) -> TurnSum:
        """Return the turn with the next entry in it."""
        if entry.cost is None and entry.ended_at is None:
            return self
        ended = self.ended_at if entry.ended_at is None else entry.ended_at
        return TurnSum(self.key, self.said_at, ended, self.cost + (entry.cost or 0.0))

    @property
    def spent(self) -> TurnSpent:
        """What it took."""
        if self.said_at is None or self.ended_at is None or self.ended_at < self.said_at:
            return TurnSpent(None, self.cost)
        return TurnSpent(self.ended_at - self.said_at, self.cost)


NO_TURN = TurnSum()
