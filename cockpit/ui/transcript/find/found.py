"""What is marked in the lines of a transcript: each place where the words that are looked for stand."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from cockpit.ui.transcript.folding import TextLine
from cockpit.ui.transcript.laid import LaidEntry

Mark = tuple[int, int, bool]
"""First character of a line, the one behind the last, and whether it is the place where the reader is."""

MOST_KNOWN = 512
"""Entries whose places are remembered: more than any view shows."""


class NoMarks:
    """Nothing is looked for."""

    def at(self, laid: LaidEntry, line: int) -> tuple[Mark, ...]:
        """Return what is marked in a line of an entry."""
        return ()


class Marks(NoMarks):
    """The places of one pattern. Those of an entry are looked up once for its lines as they are."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self._known: dict[int, tuple[Sequence[TextLine], list[list[tuple[int, int, int]]]]] = {}
        self.here: tuple[int, int] | None = None
        """The key of the entry, and the number of the place in it, where the reader is."""

    def at(self, laid: LaidEntry, line: int) -> tuple[Mark, ...]:
        """Return what is marked in a line of an entry."""
        found = self._places(laid)[line]
        if not found:
            return ()
        here = self.here[1] if self.here is not None and self.here[0] == laid.key else -1
        return tuple((start, end, nth == here) for start, end, nth in found)

    def line_of(self, laid: LaidEntry, nth: int) -> tuple[int, int] | None:
        """Return the line of the n-th place of an entry, and its number; the last one where there are fewer."""
        best: tuple[int, int] | None = None
        for line, found in enumerate(self._places(laid)):
            for _, _, number in found:
                if best is None or number > best[1]:
                    best = (line, number)
                if number == nth:
                    return line, number
        return best

    def _places(self, laid: LaidEntry) -> list[list[tuple[int, int, int]]]:
        known = self._known.get(laid.key)
        if known is not None and known[0] is laid.lines:
            return known[1]
        found = marked_lines(laid.lines, self._pattern)
        self._known.pop(laid.key, None)
        self._known[laid.key] = (laid.lines, found)
        if len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]
        return found


def marked_lines(lines: Sequence[TextLine], pattern: re.Pattern[str]) -> list[list[tuple[int, int, int]]]:
    """Return for each line its places: first character, the one behind the last, and which place of all it is.

    A place may begin in one line and end in the next, where one line of the text was broken into several.
    """
    found: list[list[tuple[int, int, int]]] = [[] for _ in lines]
    number, first = 0, 0
    while first < len(lines):
        last = first + 1
        while last < len(lines) and lines[last].joined:
            last += 1
        number = _mark_group(lines, first, last, pattern, found, number)
        first = last
    return found


def _mark_group(
    lines: Sequence[TextLine],
    first: int,
    last: int,
    pattern: re.Pattern[str],
    found: list[list[tuple[int, int, int]]],
    number: int,
) -> int:
    """Mark the lines that one line of the text became; return the number of the next place."""
    starts: list[int] = []
    parts: list[str] = []
    length = 0
    for line in lines[first:last]:
        if line.blank:
            parts.append(" ")
            length += 1
        starts.append(length)
        parts.append(line.text[line.gutter : len(line.text) - line.trailer])
        length += len(parts[-1])
    for match in pattern.finditer("".join(parts)):
        begin, end = match.span()
        at = max(0, bisect_right(starts, begin) - 1)
        while at < len(starts) and starts[at] < end:
            line = lines[first + at]
            whole = len(line.text) - line.trailer - line.gutter
            left, right = max(0, begin - starts[at]), min(whole, end - starts[at])
            if right > left:
                found[first + at].append((line.gutter + left, line.gutter + right, number))
            at += 1
        number += 1
    return number
