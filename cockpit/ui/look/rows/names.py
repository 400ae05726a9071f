"""Names that are too long for their column: cut in the middle, and never where they differ from each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from cockpit.text.clean import NOTHING, Clean, joined, ours, part, repeated
from cockpit.text.joiners import cluster_ends
from cockpit.ui.look.cells import break_points, width_of

_NUMBER = re.compile(r"[-_. #]?\d+$")
"""The number at the end of a name, with what parts it from the rest."""

MOST_LOOKED_AT = 400
"""Characters of a name that are looked at where names are told apart: nobody reads more of it."""


MOST_ROOM = 28
"""Cells of a column of names in a wide line; longer ones are cut."""


def name_room(width: int, usual: int, names: Iterable[Clean]) -> int:
    """Return the cells of a column of these names in a line: the usual ones, more where they need it and it is wide."""
    widest = max(map(width_of, names), default=0)
    return max(min(usual, max(6, width // 6)), min(widest, MOST_ROOM, width // 8))


def cut_apart(name: Clean, others: Iterable[Clean], room: int) -> Clean:
    """Return a name in at most `room` cells: its middle goes, its number stays, and no other name looks the same.

    Where no cut tells it apart, what stands where it differs is shown in place of its end.
    """
    if _fits(name, room):
        return name
    if room < 2:
        return ours("…") if room == 1 else NOTHING
    known = tuple(others)
    first = None
    for tail in _tails(name, room):
        shown = _cut(name, room, tail)
        if first is None:
            first = shown
        if _owners(known, room, tail).get(shown, name) == name:
            return shown
    assert first is not None
    near = [other for other in dict.fromkeys(known) if other != name]
    return _where_it_differs(name, [other for other in near if _looks_alike(other, name, room)], room) or first


def fit_apart(name: Clean, others: Iterable[Clean], width: int) -> Clean:
    """Return a name in exactly so many cells, cut as `cut_apart` does."""
    shown = cut_apart(name, others, width)
    return joined((shown, repeated(ours(" "), width - width_of(shown))))


def fit_name(name: Clean, width: int) -> Clean:
    """Return a name in exactly so many cells: its middle goes, its end stays, for there names mostly differ."""
    return fit_apart(name, (), width)


@lru_cache(maxsize=64)
def least_room(names: tuple[Clean, ...], least: int, most: int) -> int:
    """Return the fewest cells, from `least` to `most`, in which all these names look different."""
    for room in range(least, most):
        shown = [cut_apart(name, names, room) for name in names]
        if len(set(shown)) == len(set(names)):
            return room
    return max(least, most)


def _tails(name: Clean, room: int) -> Iterator[int]:
    """Return how many cells of the end may be kept: the number at the end first, then ever more, then fewer."""
    number = _NUMBER.search(name[-MOST_LOOKED_AT:])
    wanted = min(len(number.group()) if number else room // 3, room - 2)
    yield wanted
    yield from range(wanted + 1, room - 1)
    yield from range(wanted - 1, -1, -1)


@lru_cache(maxsize=256)
def _owners(names: tuple[Clean, ...], room: int, tail: int) -> dict[Clean, Clean | None]:
    """Return how names look where so many cells of their ends are kept, each with whose look it is; None if several's.

    Every row of a list asks for the same, at each flush.
    """
    found: dict[Clean, Clean | None] = {}
    for name in dict.fromkeys(names):
        shown = name if _fits(name, room) else _cut(name, room, tail)
        found[shown] = None if shown in found else name
    return found


def _cut(name: Clean, room: int, tail: int) -> Clean:
    if name.isascii():
        return joined((part(name, 0, room - 1 - tail), ours("…"), part(name, len(name) - tail)))
    end = _end(name, tail)
    left = room - 1 - width_of(end)
    head = break_points(name[:MOST_LOOKED_AT], left, words=False)[0][1] if left > 0 else 0
    start = part(name, 0, head) if width_of(name[:head]) <= left else NOTHING
    return joined((start, ours("…"), end))


def _end(name: Clean, cells: int) -> Clean:
    """Return the end of a name that takes at most so many cells."""
    if cells <= 0:
        return NOTHING
    start = max(0, len(name) - MOST_LOOKED_AT)
    left = width_of(name[start:])
    for at in cluster_ends(name, start):
        if left <= cells:
            break
        left -= width_of(name[start:at])
        start = at
    return part(name, start)


def _fits(name: Clean, room: int) -> bool:
    return len(name) <= MOST_LOOKED_AT and width_of(name) <= room


def _looks_alike(other: Clean, name: Clean, room: int) -> bool:
    return not _fits(other, room) and other[:1] == name[:1]


def _where_it_differs(name: Clean, alike: list[Clean], room: int) -> Clean:
    """Return the place at which a name parts from those that look like it, behind its first character."""
    if room < 5 or not alike:
        return NOTHING
    at = max(_common(name, other) for other in alike)
    begin = max(1, at - 1)
    shown = part(name, begin, begin + room - 3)
    return joined((part(name, 0, 1), ours("…"), shown)) if width_of(shown) <= room - 2 else NOTHING


def _common(first: str, second: str) -> int:
    """Return how many characters two texts begin with alike."""
    return next(
        (at for at, (one, two) in enumerate(zip(first, second, strict=False)) if one != two),
        min(len(first), len(second)),
    )
