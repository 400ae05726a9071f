"""How amounts are written: money, tokens, hours."""

from __future__ import annotations


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
