"""Where the words that are looked for stand in a transcript: counted entry by entry, and anew only what changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import Place
from cockpit.text.sanitize import clean_text
from cockpit.ui.transcript.matching import nth_of

MOST_WORDS = 500
"""Characters that are looked for at most."""

NAMELESS = (EntryKind.USER, EntryKind.STEER, EntryKind.FOLLOW_UP, EntryKind.ANSWER, EntryKind.THINKING)
"""What is shown without its title."""


class Hit(NamedTuple):
    """An entry in which the words stand."""

    place: Place
    """Of its first record."""
    nth: int
    """Which of the entries that began with that record it is."""
    times: int
    """How often they stand in it."""


class FoundSpot(NamedTuple):
    """One place where they stand."""

    place: Place
    nth: int
    at: int
    """Which one of its entry, from 0."""


def pattern_of(words: str) -> re.Pattern[str] | None:
    """Return what finds words as they are; capitals count only where some are written. None for no words."""
    words = words[:MOST_WORDS]
    if not words.strip():
        return None
    return re.compile(re.escape(words), 0 if words != words.lower() else re.IGNORECASE)


def shown_texts(entry: Entry) -> Iterator[str]:
    """Yield the texts of an entry that are shown once it is opened."""
    if entry.kind not in NAMELESS:
        yield entry.title
    if entry.kind in (EntryKind.TOOL, EntryKind.COMMAND) and not (entry.failed and entry.text.strip()):
        yield entry.diff or entry.written or entry.text
    else:
        yield entry.text


def count_in(entry: Entry, pattern: re.Pattern[str]) -> int:
    """Return how often a pattern stands in an entry."""
    count = 0
    for text in shown_texts(entry):
        count += sum(1 for _ in pattern.finditer(clean_text(text)))
    return count


class FindIndex:
    """The hits in one transcript, and those that were found before what it holds."""

    def __init__(self, transcript: Transcript, pattern: re.Pattern[str]) -> None:
        self.transcript = transcript
        self.pattern = pattern
        self.looked_at = 0
        """Entries looked at since the beginning; tests count them."""
        self.held: dict[int, Hit] = {}
        """By key, what the transcript holds."""
        self.older: list[Hit] = []
        """What came before it, in order."""
        self.total = 0
        self._revision = -1
        self._first_key = transcript.first_key

    def update(self) -> bool:
        """Take in what changed; return whether that changed any count."""
        transcript, total = self.transcript, self.total
        if transcript.revision == self._revision:
            return False
        changed = transcript.changed_since(self._revision) if self._make_room() else None
        dropped: list[int] = []
        if transcript.first_key != self._first_key:
            self._first_key = transcript.first_key
            dropped = sorted(key for key in self.held if key < self._first_key)
            self.older += [self.held.pop(key) for key in dropped]
        for entry in transcript.entries() if changed is None else changed:
            self.looked_at += 1
            self._count(entry)
        self._revision = transcript.revision
        return bool(dropped) or total != self.total

    def _count(self, entry: Entry) -> None:
        count = count_in(entry, self.pattern)
        known = self.held.get(entry.key)
        self.total += count - (known.times if known is not None else 0)
        if not count:
            self.held.pop(entry.key, None)
        else:
            self.held[entry.key] = Hit((entry.epoch, entry.line), nth_of(entry, self.transcript), count)

    def _make_room(self) -> bool:
        """Raise the keys below entries that were put in above others; return whether there were none."""
        put_in = self.transcript.put_in_since(self._revision)
        if put_in is None:
            self.total -= sum(hit.times for hit in self.held.values())
            self.held.clear()
        for at in put_in or ():
            self.held = {key + (key >= at): hit for key, hit in self.held.items()}
        return put_in == []

    def key_now(self, key: int) -> int:
        """Return the key that an entry has now which had this one when everything was counted last."""
        return self.transcript.key_now(key, self._revision)

    def put_older(self, hits: Iterable[Hit]) -> None:
        """Take what was found before all that is known."""
        before = list(hits)
        self.older[:0] = before
        self.total += sum(hit.times for hit in before)

    def hits(self) -> list[Hit]:
        """Return all hits, the oldest first."""
        return [*self.older, *(self.held[key] for key in sorted(self.held))]

    def number_of(self, spot: FoundSpot) -> int:
        """Return which of all places one is, from 1; 0 if it is none any more."""
        number = 0
        for hit in self.hits():
            if (hit.place, hit.nth) == spot[:2]:
                return number + min(spot.at, hit.times - 1) + 1
            number += hit.times
        return 0

    def beside(self, spot: FoundSpot | tuple[Place, int], direction: int) -> FoundSpot | None:
        """Return the place after one, or before it, round and round; None if there is none.

        Args:
            spot: a place, or an entry: then the first place of that one or of one after, the last one before it.
            direction: 1 to newer ones, -1 to older ones.
        """
        hits = self.hits()
        if not hits:
            return None
        here = (spot[0], spot[1])
        if isinstance(spot, FoundSpot):
            same = next((hit for hit in hits if (hit.place, hit.nth) == here), None)
            if same is not None and 0 <= spot.at + direction < same.times:
                return spot._replace(at=spot.at + direction)
        if direction > 0:
            hit = next((hit for hit in hits if (hit.place, hit.nth) > here), hits[0])
            return FoundSpot(hit.place, hit.nth, 0)
        hit = next((hit for hit in reversed(hits) if (hit.place, hit.nth) < here), hits[-1])
        return FoundSpot(hit.place, hit.nth, hit.times - 1)
