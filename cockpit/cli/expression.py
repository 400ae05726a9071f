"""Searching lines by a regular expression: bounded in time, whatever the expression and whatever an agent wrote."""

from __future__ import annotations

import re

from cockpit.cli.signals import within
from cockpit.errors import UsageError

LIMIT = 0.25
"""Seconds an expression may take on one line."""

LONGEST = 1 << 20
"""Characters of a line that are searched."""


class Expression:
    """A regular expression of Python's `re`, for the main thread: its alarm ends a search that runs away."""

    def __init__(self, text: str) -> None:
        """Read an expression.

        Raises:
            UsageError: it is none; says where.
        """
        try:
            self._pattern = re.compile(text)
        except (re.error, OverflowError, RecursionError) as error:
            raise UsageError(f"--grep: {text!r} is no regular expression: {error}") from error

    def finds(self, text: str) -> bool:
        """Say whether the expression matches anywhere in a text.

        Raises:
            TookTooLong: it did not end in time; whether it matches is unknown.
        """
        with within(LIMIT):
            return self._pattern.search(text, 0, LONGEST) is not None
