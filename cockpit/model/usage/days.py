"""Local days: the date of a moment, where its day begins and ends."""

from __future__ import annotations

from datetime import datetime, timedelta


def date_of(at: float) -> str:
    """Return the local date of a moment, as `2026-11-29`."""
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d")


def day_of(at: float) -> tuple[float, float]:
    """Return the beginning and the end of the local day of a moment, in unix seconds."""
    begin = datetime.fromtimestamp(at).replace(hour=0, minute=0, second=0, microsecond=0)
    # A day has 23 or 25 hours where the clocks change: the date after is what ends it.
    end = (begin + timedelta(days=1)).replace(hour=0)
    return begin.timestamp(), end.timestamp()
