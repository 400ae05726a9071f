"""Moments and spans as the imitated services write and read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from starlette.requests import Request

from cockpit.embedded.api.exchange import query

HOUR = 3_600_000
DAY = 24 * HOUR
SPAN_LIMIT = 10**15
"""Milliseconds beyond which a span is all time."""
ISO = re.compile(
    r"(?P<year>\d{4}|[+-]\d{6})(-(?P<month>\d\d)(-(?P<day>\d\d))?)?"
    r"(T(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)([.,](?P<fraction>\d+))?)?(?P<zone>Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
LOOSE = re.compile(
    r"(?P<year>\d{4})[-/](?P<month>\d\d?)[-/](?P<day>\d\d?)"
    r"([ T]+(?P<hour>\d\d?):(?P<minute>\d\d)(:(?P<second>\d\d)([.](?P<fraction>\d+))?)?"
    r"\s*(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment_text() -> str:
    """Return the present as the services write it: UTC with milliseconds."""
    return text_of(datetime.now(UTC))


def text_of(moment: datetime) -> str:
    """Return a moment as the services write it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now_ms() -> float:
    """Return the present in milliseconds since 1970."""
    return milliseconds(datetime.now(UTC))


def milliseconds(moment: datetime) -> float:
    """Return a moment in milliseconds since 1970."""
    return (moment - EPOCH) / timedelta(milliseconds=1)


def moment_ms(text: str) -> float | None:
    """Return a date as JavaScript reads it, in milliseconds since 1970; None if it reads none.

    A time without a zone is taken for UTC: the imitated server runs on such a machine.
    """
    text = text.strip()
    found = ISO.fullmatch(text) or LOOSE.fullmatch(text)
    if found is None:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        return milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return fields_ms(found)


def fields_ms(found: re.Match[str], *, zoned: bool = True) -> float | None:
    """Return the moment that the groups of a match name, in milliseconds since 1970; None if there is none such.

    Args:
        found: with groups `year` to `zone`.
        zoned: the zone counts; it is ignored otherwise.
    """
    part = found.groupdict()
    hour = int(part["hour"] or 0)
    try:
        day = datetime(int(part["year"]), int(part["month"] or 1), int(part["day"] or 1), tzinfo=UTC)
    except ValueError:
        return None
    minute, second = int(part["minute"] or 0), int(part["second"] or 0)
    if hour > 24 or minute > 59 or second > 59 or (hour == 24 and (minute or second)):
        return None
    # What is finer than a millisecond does not count.
    rest = int(f"{part['fraction'] or ''}000"[:3])
    since_midnight = ((hour * 60 + minute) * 60 + second) * 1000 + rest
    return milliseconds(day) + since_midnight - (_offset_ms(part["zone"]) if zoned else 0)


def _offset_ms(zone: str | None) -> float:
    if zone is None or zone in ("Z", "UTC"):
        return 0.0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return (minutes if zone[0] == "+" else -minutes) * 60_000.0


def span_ms(text: str) -> int | None:
    """Return a span such as `24h` or `7d` in milliseconds; None if it is none."""
    found = re.fullmatch(r"(\d+)(h|d)", text, re.ASCII)
    if found is None:
        return None
    if len(found[1]) > 10:
        return SPAN_LIMIT
    return min(SPAN_LIMIT, int(found[1]) * (HOUR if found[2] == "h" else DAY))


class Window:
    """The time that a query of the log asks for: `since` before `last`, `until`; the last day if it says nothing."""

    def __init__(self, request: Request) -> None:
        since, until, last = (query(request, name) for name in ("since", "until", "last"))
        span = span_ms(last) if last else None
        self._begin: float | None = None if span is None else now_ms() - span
        self._impossible = False
        if since:
            self._begin = moment_ms(since)
            self._impossible = self._begin is None
        self._end = moment_ms(until) if until else None
        self._impossible |= bool(until) and self._end is None
        if self._begin is None and not until:
            self._begin = now_ms() - DAY

    def holds(self, timestamp: str) -> bool:
        """Say whether a moment lies in it, its ends included."""
        if self._impossible:
            return False
        moment = moment_ms(timestamp)
        if moment is None:
            return False
        return (self._begin is None or moment >= self._begin) and (self._end is None or moment <= self._end)
