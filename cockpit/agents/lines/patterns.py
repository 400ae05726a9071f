"""Patterns of a description, asked of a line in bounded time whatever they are; part of the program on the VM.

Python's matcher looks for signals while it searches, so an alarm ends any search, however it backtracks.
"""

from __future__ import annotations

import re
import signal
from typing import Any

PATTERN_SECONDS = 0.2
"""A pattern that takes longer on one line is not asked again: no description may stop an agent's output."""

MATCHED_CHARACTERS = 2000
"""Of a longer line only the end is matched."""

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


class TooSlow(Exception):
    """A pattern took too long."""


class Patterns:
    """The described patterns; to be asked in the main thread."""

    def __init__(self, described: dict[str, str], seconds: float = PATTERN_SECONDS) -> None:
        self._compiled = {key: re.compile(text) for key, text in described.items() if text}
        self._seconds = seconds
        self._armed = False
        self.slow: list[str] = []
        """Those that were given up, and were not told of yet."""

    def has(self, key: str) -> bool:
        """Say whether a pattern is described, and still asked."""
        return key in self._compiled

    def matches(self, key: str, text: str) -> bool:
        """Say whether a pattern is found in a line; one that takes too long is not, and is given up."""
        pattern = self._compiled.get(key)
        if pattern is None:
            return False
        before = signal.signal(signal.SIGALRM, self._ring)
        try:
            self._armed = True
            signal.setitimer(signal.ITIMER_REAL, self._seconds)
            found = pattern.search(seen(text)) is not None
            self._armed = False
            return found
        except TooSlow:
            del self._compiled[key]
            self.slow.append(key)
            return False
        finally:
            self._armed = False
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, before)

    def _ring(self, number: int, frame: Any) -> None:
        if self._armed:
            self._armed = False
            raise TooSlow


def seen(text: str) -> str:
    """Return what of a line a person sees: no escape sequences, what a carriage return wrote over is gone."""
    return _ESCAPES.sub("", text[-MATCHED_CHARACTERS:].rstrip("\r")).rpartition("\r")[2]
