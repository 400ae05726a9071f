"""Rates: how fast is being spent, and what the day comes to if it goes on like this."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.model.content import Usage
from cockpit.model.usage.bucket import Bucket
from cockpit.model.usage.days import day_of
from cockpit.model.usage.spending import DaySpending

MINUTE = 60.0
HOUR = 3600.0

BURN = 300.0
"""Seconds over which the rate of now is taken: an answer of a slow model takes some of them."""

COURSE = 1800.0
"""Seconds of one step of a day's course."""


def day_spending(buckets: Iterable[Bucket], now: float, *, at_least: bool = False) -> DaySpending:
    """Return what a day's buckets come to.

    Args:
        buckets: of at most a minute each, since the day began, and of the last hour where that began before.
        now: unix seconds.
        at_least: something is known to lack.
    """
    began, ends = day_of(now)
    today, hour, burnt = Usage(), Usage(), 0
    steps = int((now - began) // COURSE) + 1
    money, tokens = [0.0] * steps, [0.0] * steps
    for bucket in buckets:
        # A bucket is told by its beginning: what it holds was spent within the minute after.
        age = now - bucket.at
        if age < HOUR:
            hour += bucket.usage
        if age < BURN:
            burnt += bucket.usage.tokens
        if bucket.at >= began:
            today += bucket.usage
            at_least = at_least or not bucket.whole
            step = min(steps - 1, max(0, int((bucket.at - began) // COURSE)))
            money[step] += bucket.usage.cost
            tokens[step] += bucket.usage.tokens
    left = max(0.0, ends - now) / HOUR
    priced = today.cost > 0
    return DaySpending(
        today,
        at_least,
        hour,
        burnt / (BURN / MINUTE),
        today.cost + hour.cost * left,
        today.tokens + hour.tokens * left,
        tuple(money if priced else tokens),
        priced or not today.tokens,
    )


def levels(course: Sequence[float], width: int, steps: int = 8) -> tuple[int, ...]:
    """Return a course as heights for a row of small bars: 0 is nothing at all, 1 to `steps` by the highest one.

    Where there are more steps than cells, several share one and count together; nothing that was spent becomes 0.
    """
    if width <= 0 or not course:
        return ()
    cells = min(width, len(course))
    sums = [0.0] * cells
    for place, value in enumerate(course):
        sums[place * cells // len(course)] += value
    highest = max(sums)
    return tuple(0 if value <= 0 else max(1, round(value / highest * steps)) for value in sums)
