"""`Clean`: text that can do nothing to a terminal. All that draws or prints takes it; only this folder makes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import LiteralString, NewType

Clean = NewType("Clean", str)
"""Printable text, perhaps of several lines; nothing outside this folder makes one by itself."""

NOTHING = Clean("")


def ours(words: LiteralString) -> Clean:
    """Return words of our own: a literal in our code, nobody else's text."""
    return Clean(words)


def joined(parts: Iterable[Clean], between: Clean = NOTHING) -> Clean:
    """Return clean texts behind each other."""
    return Clean(between.join(parts))


def part(text: Clean, start: int | None = None, end: int | None = None) -> Clean:
    """Return the characters of a clean text from `start` up to, not including, `end`."""
    return Clean(text[start:end])


def repeated(text: Clean, times: int) -> Clean:
    """Return a clean text several times, none for a number below one."""
    return Clean(text * times)
