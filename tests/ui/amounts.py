"""How amounts are written and read: money, tokens, hours."""

from __future__ import annotations

import math
import re

_MONEY = re.compile(r"\$?(\d{1,9}(?:\.\d{1,6})?)", re.ASCII)
_TOKENS = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)([kKmMgG]?) ?(?:t|tok|tokens)", re.ASCII)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


def amount_text(cost: float) -> str:
    """Return an amount of money for people: cents, and below a cent so much of it that it is not nothing."""
    if cost >= 1e6:
        return f"${cost / 1e6:.3g}M"
    if cost >= 0.995 or cost == 0:
        return f"${cost:.2f}"
    if cost >= 0.0995:
        return f"${cost:.2f}"
    if cost >= 0.01:
        return f"${cost:.3f}"
    return "<$0.0001" if cost < 0.0001 else f"${cost:.4f}"


def tokens_text(tokens: float) -> str:
    """Return a number of tokens for people: `950`, `41k`, `1.25M`."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if tokens >= size * 0.9995:
            return f"{tokens / size:.3g}{unit}"
    return f"{tokens:.0f}"


def hours_text(hours: float) -> str:
    """Return hours for people: `0.2 h`, `41 h`."""
    return f"{hours:.1f} h" if hours < 100 else f"{hours:.0f} h"


def parse_limit(text: str) -> tuple[float | None, int | None] | None:
    """Return dollars and tokens that were typed: `5`, `$2.50`, `1.5M tokens`, or both with a blank; None if it is none.

    One of the two is None where only the other one was typed.
    """
    words = text.strip()
    if (found := _MONEY.fullmatch(words)) is not None:
        return float(found[1]), None
    if (found := _TOKENS.fullmatch(words)) is not None:
        tokens = float(found[1]) * _UNITS[found[2].lower()]
        return (None, int(tokens)) if math.isfinite(tokens) and tokens >= 1 else None
    first, _, rest = words.partition(" ")
    money, tokens_too = _MONEY.fullmatch(first), _TOKENS.fullmatch(rest.strip())
    if money is not None and tokens_too is not None:
        return float(money[1]), int(float(tokens_too[1]) * _UNITS[tokens_too[2].lower()])
    return None
