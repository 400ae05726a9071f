"""Entries that the operator put off: until a time, until they change, or for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class PutOff(StrEnum):
    """For how long an entry is put off."""

    QUARTER = "15m"
    HOUR = "1h"
    TOMORROW = "tomorrow"
    CHANGE = "change"
    """Until it is not as it was."""
    MUTE = "mute"
    """For good, until it is taken back."""


PUT_OFF_WORDS = {
    PutOff.QUARTER: "15 minutes",
    PutOff.HOUR: "an hour",
    PutOff.TOMORROW: "until tomorrow, 08:00",
    PutOff.CHANGE: "until it changes",
    PutOff.MUTE: "mute, until you take it back",
}

MORNING = 8
"""The hour of the operator's clock at which tomorrow begins."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """One entry that is put off."""

    key: str
    how: PutOff
    mark: str
    """What the entry was like then; another mark brings it back, unless it is muted."""
    at: float
    """Unix seconds."""
    until: float | None = None
    """Unix seconds; None until it changes, or for good."""
    sentence: str = ""
    """What the entry said then."""

    def holds(self, mark: str, now: float) -> bool:
        """Say whether it still keeps an entry away."""
        if self.how is PutOff.MUTE:
            return True
        return mark == self.mark and (self.until is None or now < self.until)


def end_of(how: PutOff, now: float) -> float | None:
    """Return when a way of putting off ends, by the operator's own clock; None where no time ends it."""
    match how:
        case PutOff.QUARTER:
            return now + 900.0
        case PutOff.HOUR:
            return now + 3600.0
        case PutOff.TOMORROW:
            today = datetime.fromtimestamp(now)
            morning = (today + timedelta(days=1)).replace(hour=MORNING, minute=0, second=0, microsecond=0)
            return morning.timestamp()
        case _:
            return None
