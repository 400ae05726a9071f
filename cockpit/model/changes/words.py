"""Which words of a changed line are other words now: what is removed and what is added, side by side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from cockpit.model.changes.diff import DiffLine

MOST_CHARACTERS = 1_000
"""A longer line is shown as changed altogether: the comparison grows with the square of its words."""

LEAST_ALIKE = 0.35
"""Share of a line that must be the same for its words to be told apart: less is another line."""

_WORD = re.compile(r"\w+|\s+|[^\w\s]")

Range = tuple[int, int]
"""Characters of a line, from one up to, not including, the other."""


def word_ranges(lines: Sequence[DiffLine]) -> dict[int, tuple[Range, ...]]:
    """Return the parts that differ of the lines of a hunk, by their place in it; a line without is not there.

    Lines are compared in pairs: the first removed one of a row with the first added one behind it, and so on.
    """
    found: dict[int, tuple[Range, ...]] = {}
    at = 0
    while at < len(lines):
        if lines[at].kind != "-":
            at += 1
            continue
        removed = _row(lines, at, "-")
        added = _row(lines, at + len(removed), "+")
        for old, new in zip(removed, added, strict=False):
            old_ranges, new_ranges = differing(lines[old].text, lines[new].text)
            if old_ranges:
                found[old] = old_ranges
            if new_ranges:
                found[new] = new_ranges
        at += len(removed) + len(added)
    return found


def differing(old: str, new: str) -> tuple[tuple[Range, ...], tuple[Range, ...]]:
    """Return the parts of two lines that differ, by whole words; nothing where the lines have little in common."""
    if max(len(old), len(new)) > MOST_CHARACTERS:
        return (), ()
    before, after = _WORD.findall(old), _WORD.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < LEAST_ALIKE:
        return (), ()
    before_at, after_at = _starts(before), _starts(after)
    removed: list[Range] = []
    added: list[Range] = []
    for what, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if what != "equal":
            if old_to > old_from:
                removed.append((before_at[old_from], before_at[old_to]))
            if new_to > new_from:
                added.append((after_at[new_from], after_at[new_to]))
    return tuple(removed), tuple(added)


def _row(lines: Sequence[DiffLine], at: int, kind: str) -> range:
    end = at
    while end < len(lines) and lines[end].kind == kind:
        end += 1
    return range(at, end)


def _starts(words: Sequence[str]) -> list[int]:
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return starts
