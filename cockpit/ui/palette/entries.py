"""What the palette holds, and in which order: what was chosen lately first, then by groups, what fits best on top."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.ui.palette.matching import FoundBy, folded, rank, wanted

LATELY = 5
"""Entries that were chosen lately and stand on top."""


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """One thing that can be done, or a place that can be gone to."""

    key: str
    """What it stands for, the same in every cockpit: `act:board.open`, `agent:ID`, `theme:NAME`."""
    group: Clean
    name: Clean
    about: Clean
    """What it does, or what it is."""
    keys: Clean = NOTHING
    """The keys that do the same here, for people."""
    reason: Clean = NOTHING
    """Why it cannot be done now."""
    by_search: bool = False
    """It is listed only once it is looked for: there are too many of its kind."""

    @property
    def words(self) -> FoundBy:
        """What it is found by."""
        return FoundBy(folded(self.name), folded(self.group), folded(f"{self.about} {self.reason}"))


@dataclass(frozen=True, slots=True)
class PaletteSection:
    """Entries under a heading."""

    heading: Clean
    entries: tuple[PaletteEntry, ...]


@dataclass(frozen=True, slots=True)
class FoundEntries:
    """What is listed for what was typed."""

    sections: tuple[PaletteSection, ...]
    fitting: int
    """How many entries are listed."""
    dead: int = 0
    """How many are left out because they cannot be done now."""


class Catalogue:
    """All entries, ready to be looked through with each letter."""

    def __init__(self, entries: Iterable[PaletteEntry], lately: Sequence[str] = ()) -> None:
        """Prepare.

        Args:
            entries: by groups, in the order in which they are listed.
            lately: the keys of what was chosen, the newest first.
        """
        self._entries = tuple((one, one.words) for one in entries)
        self._lately = {key: at for at, key in enumerate(lately)}

    @property
    def size(self) -> int:
        """How many entries there are."""
        return len(self._entries)

    def find(self, needle: str) -> FoundEntries:
        """Return what fits some words; all that can be done now where there are none."""
        words = wanted(needle)
        if not words:
            return self._all()
        ranked = [(found, one) for one, of in self._entries if (found := rank(words, of)) is not None]
        ranked.sort(key=lambda pair: (pair[0], self._lately.get(pair[1].key, len(self._lately))))
        named = [one for found, one in ranked if not (one.reason or found.said_only)]
        said = tuple(one for found, one in ranked if found.said_only and not one.reason)
        dead = tuple(one for _, one in ranked if one.reason)
        sections = [*_by_group(named)]
        sections += [PaletteSection(ours("In what is said of them"), said)] if said else []
        sections += [PaletteSection(ours("Not now"), dead)] if dead else []
        return FoundEntries(tuple(sections), len(ranked))

    def _all(self) -> FoundEntries:
        alive = [one for one, _ in self._entries if not one.reason and not one.by_search]
        known = sorted((one for one, _ in self._entries if one.key in self._lately), key=lambda one: self._at(one))
        lately = tuple(one for one in known if not one.reason)[:LATELY]
        rest = [one for one in alive if one not in lately]
        first = [PaletteSection(ours("Lately"), lately)] if lately else []
        dead = sum(bool(one.reason) for one, _ in self._entries)
        return FoundEntries((*first, *_by_group(rest)), len(lately) + len(rest), dead)

    def _at(self, one: PaletteEntry) -> int:
        return self._lately[one.key]


def _by_group(entries: Iterable[PaletteEntry]) -> list[PaletteSection]:
    """Put entries under the names of their groups; the group of whatever comes first is the first."""
    groups: dict[Clean, list[PaletteEntry]] = {}
    for one in entries:
        groups.setdefault(one.group, []).append(one)
    return [PaletteSection(group, tuple(members)) for group, members in groups.items()]
