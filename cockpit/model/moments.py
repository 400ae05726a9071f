"""When the lines of an agent's output were written, as far as can be told: a line itself carries no time.

Messages say when they were made (pi: `timestamp`); what stands between two of them lies between their times. A line
that was read the moment it was written has the time of its reading.
"""

from __future__ import annotations

from typing import NamedTuple

from cockpit.model import events as ev
from cockpit.model.events import Record

HELD = 2_000
"""Lines held until a later one tells a time: a run of deltas between two messages is longer, and needs none."""

_LEADS = (
    ev.ToolEnded,
    ev.ToolOutput,
    ev.RunStarted,
    ev.TurnStarted,
    ev.QueueChanged,
    ev.Responded,
    ev.DaemonStarted,
    ev.EpochStarted,
)
"""What belongs to the time after it: a tool ends right before its message is made, a run begins with a message."""


class Timed(NamedTuple):
    """A record, and when it was written at about."""

    at: float
    """Unix seconds, by the agent's clock or ours."""
    record: Record


class Moments:
    """Tells the times of one agent's records, in their order: they never go back."""

    def __init__(self) -> None:
        self._held: list[Record] = []
        self._known: float | None = None
        """The newest time that is known."""

    def take(self, record: Record, *, live: bool) -> list[Timed]:
        """Take the next record; return those whose time is known by now.

        Args:
            record: the next one.
            live: it was read the moment it was written.
        """
        own = record.at if live else _own_time(record)
        if own is None:
            self._held.append(record)
            return self.rest() if len(self._held) > HELD else []
        found = self._told(own)
        self._known = max(own, self._known or own)
        return [*found, Timed(self._known, record)]

    def rest(self) -> list[Timed]:
        """Return what is held, since nothing follows for now: it is as old as what was known last."""
        return self._told(self._held[-1].at) if self._held else []

    def _told(self, later: float) -> list[Timed]:
        held, self._held = self._held, []
        found: list[Timed] = []
        for record in held:
            leads = isinstance(record.event, _LEADS)
            at = later if leads or self._known is None else self._known
            self._known = max(at, self._known or at)
            found.append(Timed(self._known, record))
        return found


def _own_time(record: Record) -> float | None:
    """Return when a record says it was made; of an answer, when it was complete if that is known."""
    match record.event:
        case ev.MessageStarted(said_at=said_at):
            return said_at
        case ev.MessageEnded(role="assistant", said_at=said_at, duration=duration):
            return said_at + duration if said_at is not None and duration is not None else None
        case ev.MessageEnded(said_at=said_at):
            return said_at
        case _:
            return None
