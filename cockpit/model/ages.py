"""Spans of time in words: short for columns, spelled out for sentences."""

from __future__ import annotations

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def age_text(seconds: float) -> str:
    """Return an age for a column, at most four cells up to 999 days: `3s`, `4m`, `2h`, `5d`."""
    whole = max(0.0, seconds)
    if whole < MINUTE:
        return f"{int(whole)}s"
    if whole < HOUR:
        return f"{int(whole / MINUTE)}m"
    if whole < DAY:
        return f"{int(whole / HOUR)}h"
    return f"{int(whole / DAY)}d"


def span_text(seconds: float) -> str:
    """Return a span for a sentence: `3 s`, `4 min`, `2 h 10 min`, `5 days`."""
    whole = int(max(0.0, seconds))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // 60} min"
    if whole < DAY:
        minutes = whole % 3600 // 60
        return f"{whole // 3600} h {minutes} min" if minutes else f"{whole // 3600} h"
    days = int(whole / DAY)
    return "1 day" if days == 1 else f"{days} days"
