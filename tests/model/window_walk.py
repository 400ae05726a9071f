"""Walks a window over a whole history, up to the first record and down to the last, and writes down what it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cockpit.model.events import Record
from cockpit.model.transcript.entry import EntryKind
from cockpit.model.transcript.history import Item
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import TranscriptWindow
from tests.model.pages import prepend

Shown = tuple[Any, ...]


def shown(transcript: Transcript) -> dict[int, Shown]:
    """Return what a transcript shows, by key."""
    return {
        entry.key: (entry.kind, entry.title, entry.text, entry.failed, entry.open, entry.diff, entry.at, entry.line)
        for entry in transcript.entries()
        if entry.kind is not EntryKind.BORDER
    }


def folded(items: Sequence[Item]) -> list[Shown]:
    """Return what a transcript without bounds shows of all records."""
    window = TranscriptWindow(max_entries=1 << 30, max_bytes=1 << 40)
    window.append(items)
    return list(shown(window).values())


class Walk:
    """A window over a list of records, and everything a reader saw of it."""

    def __init__(self, records: Sequence[Item], window: TranscriptWindow, page: int) -> None:
        """Begin with the newest page.

        Args:
            records: the whole history; an answer stands directly behind the question's record.
            page: records read at a time.
        """
        self.window = window
        self.most_entries = self.most_bytes = 0
        self._records = records
        self._page = page
        self._places = {(one.epoch, one.line): at for at, one in enumerate(records) if isinstance(one, Record)}
        self._seen: dict[int, Shown] = {}
        window.append(records[-page:])
        self._look()

    def seen(self) -> list[Shown]:
        """Return what was shown, in its order, each entry as it was shown last."""
        return [self._seen[key] for key in sorted(self._seen)]

    def up(self, until: Callable[[], bool] = lambda: False) -> None:
        """Read older pages until a condition holds or the first record is held."""
        while not until() and (end := self._at(self.window.first_place)) > 0:
            prepend(self.window, self._records[max(0, end - self._page) : end])
            for key in [key for key in self._seen if key < self.window.first_key]:
                del self._seen[key]  # the beginning of an entry came in, and its key went to another
            self._look()

    def down(self, until: Callable[[], bool] = lambda: False) -> None:
        """Read newer pages until a condition holds or the last record is held."""
        while not until():
            start = self._at(self.window.last_place, after=True)
            if start >= len(self._records):
                return
            self.window.append(self._records[start : start + self._page])
            self._look()

    def _look(self) -> None:
        self._seen.update(shown(self.window))
        self.most_entries = max(self.most_entries, len(self.window))
        self.most_bytes = max(self.most_bytes, self.window.held_bytes)

    def _at(self, place: tuple[int, int] | None, *, after: bool = False) -> int:
        """Return the index of a place's record, or with `after` of the first record behind it."""
        assert place is not None
        if not after:
            return self._places[place]
        index = self._places.get((place[0], place[1] + 1), len(self._records))
        while 0 < index < len(self._records) and not isinstance(self._records[index - 1], Record):
            index -= 1
        return index
