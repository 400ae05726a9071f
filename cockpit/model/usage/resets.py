"""Reset times: until when a provider refuses, read from the words of its error. The words are hostile.

Forms of the field: `retry-after` in seconds, milliseconds or as a date (RFC 9110), `try again in 6m0s` (OpenAI),
`retryDelay: "34s"` (Google), `usage limit reached|1733000000` and `resets 3pm (America/New_York)` (Claude),
`Try again in ~23 min` (pi), `x-ratelimit-reset` and `resetsAt` as unix times.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

LONGEST = 31 * 86_400.0
"""Seconds until a reset at most: what is said to be later is not believed."""

READ = 4_000
"""Characters of an error that are read."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SPAN = re.compile(
    r"(?:try again|retry|retrying|resets?|available again|wait)(?: \w{1,12}){0,3}? (?:in|after|for|of) "
    r"(?:about |approximately |~ ?)?(\d[\d.,a-z ]{0,60})",
    re.IGNORECASE | re.ASCII,
)
_ONE = re.compile(
    r"(?:,? ?(?:and )?)?(\d{1,9}(?:\.\d{1,6})?) ?"
    r"(milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|hr|h|days?|d)(?![a-z])",
    re.IGNORECASE | re.ASCII,
)
_HEADER = re.compile(
    r"retry[-_ ]?after(?P<ms>[-_ ]?ms)?[\"']? ?[:=]? ?[\"']?(?P<number>\d{1,12}(?:\.\d{1,6})?)(?![\d:-])",
    re.IGNORECASE | re.ASCII,
)
_DELAY = re.compile(r"retry_?delay[\"']? ?[:=] ?[\"']?(\d{1,9}(?:\.\d{1,9})?)s", re.IGNORECASE | re.ASCII)
_UNIX = re.compile(
    r"(?:limit reached\||resets?[-_ ]?(?:at|time|timestamp|on)?[\"']? ?[:=]? ?[\"']?"
    r"|retry[-_ ]?after[\"']? ?[:=] ?[\"']?)(\d{10}(?:\d{3})?)(?:\.\d{1,6})?(?!\d)",
    re.IGNORECASE | re.ASCII,
)
_ISO = re.compile(
    r"(?:reset|retry|again|until|after)\D{0,40}?"
    r"(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z| ?UTC|[+-]\d{2}:?\d{2})?)",
    re.IGNORECASE | re.ASCII,
)
_HTTP = re.compile(r"[A-Z][a-z]{2}, (\d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2}) GMT", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = re.compile(
    r"(?:resets?|again|until|available)(?: (?:at|on|after))?"
    rf"(?: (?P<month>{'|'.join(_MONTHS)})[a-z]{{0,6}} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?(?: at)?)?"
    r" (?:(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))? ?(?P<half>[ap])\.?m\b\.?"
    r"|(?P<hour24>\d{1,2}):(?P<minute24>\d{2})(?!\d))"
    r"(?: ?\(?(?P<zone>UTC|GMT|[A-Za-z]{2,20}/[A-Za-z_]{2,20})\)?)?(?P<other> ?\()?",
    re.IGNORECASE | re.ASCII,
)


def reset_of(error: str, said: float) -> float | None:
    """Return until when an error says that its provider refuses, in unix seconds; None if it does not say.

    Args:
        error: its text.
        said: when it was said, unix seconds.
    """
    text = " ".join(error[:READ].split())
    for read in (_unix, _date, _span, _header, _clock):
        until = read(text, said)
        if until is not None and said < until <= said + LONGEST:
            return until
    return None


def _unix(text: str, said: float) -> float | None:
    found = _UNIX.search(text)
    if found is None:
        return None
    number = float(found[1])
    return number / 1000 if len(found[1]) > 10 else number


def _date(text: str, said: float) -> float | None:
    if (found := _ISO.search(text)) is not None:
        words = re.sub(r" ?UTC$", "Z", found[1], flags=re.IGNORECASE).replace(" ", "T", 1)
        try:
            moment = datetime.fromisoformat(words)
        except ValueError:
            return None
        return _stamp(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))
    if (found := _HTTP.search(text)) is not None:
        try:
            return _stamp(datetime.strptime(found[1], "%d %b %Y %H:%M:%S").replace(tzinfo=UTC))
        except ValueError:
            return None
    return None


def _span(text: str, said: float) -> float | None:
    found = _SPAN.search(text)
    if found is None:
        delay = _DELAY.search(text)
        return said + float(delay[1]) if delay is not None else None
    seconds, place = 0.0, 0
    while (part := _ONE.match(found[1], place)) is not None:
        seconds, place = seconds + float(part[1]) * _unit(part[2]), part.end()
    return said + seconds


def _unit(word: str) -> float:
    short = word.lower()
    if short.startswith(("ms", "milli")):
        return _UNITS["ms"]
    return _UNITS.get(short[0], 0.0)


def _header(text: str, said: float) -> float | None:
    found = _HEADER.search(text)
    if found is None:
        return None
    return said + float(found["number"]) * (0.001 if found["ms"] else 1.0)


def _clock(text: str, said: float) -> float | None:
    """Return the next time of the day that is meant; without a zone it is local."""
    found = _CLOCK.search(text)
    if found is None:
        return None
    zone = _zone(found["zone"])
    if (zone is None and found["zone"]) or found["other"]:
        return None
    hour = int(found["hour"] or found["hour24"])
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    try:
        here = datetime.fromtimestamp(said, zone)
        there = here.replace(hour=hour, minute=int(found["minute"] or found["minute24"] or 0), second=0, microsecond=0)
        if found["month"]:
            there = there.replace(month=_MONTHS.index(found["month"].lower()) + 1, day=int(found["day"]))
            return _stamp(there if there > here else there.replace(year=there.year + 1))
        return _stamp(there if there > here else there + timedelta(days=1))
    except (ValueError, OverflowError, OSError):
        return None


def _zone(name: str | None) -> tzinfo | None:
    if not name:
        return None
    if name.upper() in ("UTC", "GMT"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # also a name that is no zone, or looks like a path
        return None


def _stamp(moment: datetime) -> float | None:
    try:
        return moment.timestamp()
    except (OverflowError, OSError, ValueError):
        return None
