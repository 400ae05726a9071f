"""Moments as an operator names them: so long ago, or a time of the day or of a date."""

from __future__ import annotations

import re
from datetime import datetime

from cockpit.errors import UsageError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SPAN = re.compile(r"(?:\d{1,9}[smhd])+", re.ASCII)
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?", re.ASCII)


def moment_of(text: str, now: float) -> float:
    """Return unix seconds of `90s`, `1h30m`, `14:05`, `2026-11-29` or `2026-11-29T14:05`; without a zone it is local.

    Args:
        text: what was typed.
        now: unix seconds; a time of the day that is yet to come was yesterday's.

    Raises:
        UsageError: it is none of these.
    """
    wanted = text.strip()
    if _SPAN.fullmatch(wanted):
        return now - sum(int(part[:-1]) * _UNITS[part[-1]] for part in re.findall(r"\d+[smhd]", wanted))
    try:
        if _CLOCK.fullmatch(wanted):
            today = datetime.fromtimestamp(now)
            clock = datetime.strptime(wanted, "%H:%M:%S" if wanted.count(":") == 2 else "%H:%M")
            moment = today.replace(hour=clock.hour, minute=clock.minute, second=clock.second, microsecond=0).timestamp()
            return moment if moment <= now else moment - _UNITS["d"]
        return datetime.fromisoformat(wanted).timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"--since: {text!r} is neither a span nor a time", hint="e.g. 90s, 1h30m, 14:05, 2026-11-29T14:05"
        ) from None
