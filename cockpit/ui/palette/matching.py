"""How well a few words name something: in its name, by some letters of it, or in what is said of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cockpit.text.joiners import cluster_ends

LOOKED_AT = 400
"""Characters of a text that are looked at: nobody types more of it."""

WHOLE, BEGINS, WORD, WITHIN, INITIALS, LETTERS, GROUP, SAID = 100, 90, 80, 60, 50, 40, 15, 10
"""What it counts that a word is the name, begins it, begins a word of it, is within it, begins several of its words, is
letters of it, is in the name of its group, is in what is said of it."""

LOOSE = 2
"""Letters between those of a word that are always let pass; beside them as many as it has itself."""

_BEGINS = re.compile(r"(?<![^\W_])[^\W_]")
"""The first letter of a word."""


class Rank(NamedTuple):
    """How well it fits; the smaller comes first."""

    said_only: bool
    """None of the words is in the name, or in that of the group."""
    cost: float


@dataclass(frozen=True, slots=True)
class FoundBy:
    """What something is found by, folded."""

    name: str
    group: str
    about: str
    """What is said of it."""


def folded(text: str) -> str:
    """Return a text without the difference of capitals, of the same length."""
    text = text[:LOOKED_AT]
    if text.isascii():
        return text.lower()
    return "".join(small if len(small := letter.casefold()) == 1 else letter for letter in text)


def wanted(needle: str) -> tuple[str, ...]:
    """Return the words that somebody looks for."""
    return tuple(folded(needle).split())


def rank(words: Sequence[str], of: FoundBy) -> Rank | None:
    """Tell how well something fits, or None: each word must be in its name, its group's, or what is said of it."""
    value, named = 0.0, not words
    for word in words:
        found = _in_name(word, of.name)
        if found is not None:
            value += found[0]
            named = True
        elif word in of.group:
            value += GROUP
            named = True
        elif word in of.about:
            value += SAID
        else:
            return None
    return Rank(not named, len(of.name) / LOOKED_AT - value)


def lit(words: Sequence[str], text: str, *, letters: bool) -> list[tuple[int, int]]:
    """Return the characters of a text that are those looked for, as ranges that cut nothing drawn as one.

    Args:
        words: what is looked for.
        text: as it is drawn.
        letters: a word may be scattered over it, as over a name.
    """
    known = folded(text)
    places: set[int] = set()
    for word in words:
        if letters:
            found = _in_name(word, known)
            places.update(found[1] if found is not None else ())
        elif (at := known.find(word)) >= 0:
            places.update(range(at, at + len(word)))
    ranges: list[tuple[int, int]] = []
    start = 0
    for end in cluster_ends(text) if places else ():
        if not places.isdisjoint(range(start, end)):
            if ranges and ranges[-1][1] == start:
                ranges[-1] = (ranges[-1][0], end)
            else:
                ranges.append((start, end))
        start = end
    return ranges


def _in_name(word: str, name: str) -> tuple[float, Sequence[int]] | None:
    """Return what it counts that a word is in a name, and where its letters are."""
    at = name.find(word)
    if at < 0:
        return _scattered(word, name)
    if at == 0:
        return WHOLE if word == name else BEGINS, range(len(word))
    begin = at
    while begin > 0 and name[begin - 1].isalnum():
        begin = name.find(word, begin + 1)
    if begin > 0:
        return WORD, range(begin, begin + len(word))
    return WITHIN, range(at, at + len(word))


def _scattered(word: str, name: str) -> tuple[float, Sequence[int]] | None:
    """Find the letters of a word in their order, close to each other."""
    if len(word) < 2:
        return None
    initials = [found.start() for found in _BEGINS.finditer(name)]
    if (first := "".join(name[at] for at in initials).find(word)) >= 0:
        return INITIALS, initials[first : first + len(word)]
    end = 0
    for letter in word:
        end = name.find(letter, end) + 1
        if not end:
            return None
    # Back from where they end, each is taken as late as it comes: that is the closest they stand.
    places: list[int] = []
    at = end
    for letter in reversed(word):
        at = name.rfind(letter, 0, at)
        places.append(at)
    places.reverse()
    gaps = end - places[0] - len(word)
    if gaps > LOOSE + len(word):
        return None
    return LETTERS - gaps, places
