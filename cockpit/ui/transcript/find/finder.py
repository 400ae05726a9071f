"""Somebody looks for words in a transcript: from place to place, wherever they are, and how many there are."""

from __future__ import annotations

import re
from enum import Enum

from cockpit.text.clean import NOTHING, Clean, joined, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece
from cockpit.ui.transcript.find.found import Marks
from cockpit.ui.transcript.find.index import FindIndex, FoundSpot, count_in
from cockpit.ui.transcript.find.older import OlderHits
from cockpit.ui.transcript.manner import Fullness
from cockpit.ui.transcript.matching import entry_at, entry_before, nth_of
from cockpit.ui.transcript.viewport import Viewport

NEAR = 64
"""Entries around a record in which the words of a search are looked for: its own one is among them."""


class Older(Enum):
    """What is known of what came before the transcript."""

    UNTOUCHED = "untouched"
    UNDER_WAY = "under way"
    WHOLE = "whole"
    """All of it was looked through."""
    PARTLY = "partly"
    """What is kept here was looked through; there was more before."""
    FAILED = "failed"


class Finder:
    """One search in one transcript."""

    def __init__(self, reading: Viewport, words: str, pattern: re.Pattern[str]) -> None:
        self.words = words
        self.pattern = pattern
        self.marks = Marks(pattern)
        self.index = FindIndex(reading.live.transcript, pattern)
        self.older = Older.UNTOUCHED
        self.trouble: Clean = NOTHING
        self.coming = 0
        """Places that were found so far in what is still looked through."""
        self._reading = reading
        self._spot: FoundSpot | None = None
        self._landing: FoundSpot | None = None
        self._asked = False
        """The history was asked for what the reader goes to."""

    def update(self) -> bool:
        """Take in what changed; return whether that changed any count."""
        here, lines = self.marks.here, self._reading.lines
        if here is not None and lines is self._reading.live:
            self.marks.here = (self.index.key_now(here[0]), here[1])
        return self.index.update()

    def take_older(self, found: OlderHits) -> None:
        """Take what the history has."""
        self.index.put_older(found.hits)
        self.older = Older.WHOLE if found.whole else Older.PARTLY
        self.coming = 0

    def step(self, direction: int) -> bool:
        """Go to the next place, 1 to newer ones, -1 to older ones; return whether there is one."""
        self.update()
        start = self._spot or self._foot(direction)
        spot = self.index.beside(start, direction) if start is not None else None
        if spot is not None:
            self._go(spot)
        return spot is not None

    def begin(self) -> bool:
        """Go to the newest place at or above the foot of the view."""
        self._spot = None
        return self.step(-1)

    def go_near(self, key: int) -> None:
        """Go to the place nearest to an entry that is held, at it or before it."""
        transcript = self._reading.lines.transcript
        for behind in range(NEAR):
            entry = transcript.entry(key - behind)
            if entry is None:
                break
            if count_in(entry, self.pattern):
                self._go(FoundSpot((entry.epoch, entry.line), nth_of(entry, transcript), 0))
                return

    def _foot(self, direction: int) -> tuple[tuple[int, int], int] | None:
        seen = self._reading.in_view()
        if not seen:
            return None
        laid = seen[-1] if direction < 0 else seen[0]
        entry = self._reading.lines.transcript.entry(laid.key)
        nth = nth_of(entry, self._reading.lines.transcript) if entry is not None else 0
        return laid.place, nth - direction

    def _go(self, spot: FoundSpot) -> None:
        self._spot = self._landing = spot
        self._asked = False
        self.land()

    def land(self) -> bool:
        """Go on to the place the reader wants, as soon as it is held; return whether it was reached now."""
        spot, reading = self._landing, self._reading
        if spot is None or not reading.live.width:
            return False
        entry = entry_at(reading.lines.transcript, spot.place, spot.nth)
        live = entry_at(reading.live.transcript, spot.place, spot.nth)
        if entry is None and live is not None:
            reading.return_to_live()
            entry = live
        if entry is None:
            if not self._asked:
                self._asked = True
                reading.go_to_place(spot.place)
                return False
            if reading.past is None or reading.wanted is not None:
                return False
            # A page may begin within an entry: then the one before holds what is wanted.
            entry = entry_before(reading.lines.transcript, spot.place)
            if entry is None:
                return False
        self._landing = None
        reading.bring(entry.key)
        laid = reading.lines.laid(entry.key)
        if laid is None:
            return False
        found = self.marks.line_of(laid, spot.at)
        if laid.cuts and (found is None or found[1] != spot.at):
            reading.manner.show(entry, Fullness.FULL)
            reading.lines.update()
            laid = reading.lines.laid(entry.key) or laid
            found = self.marks.line_of(laid, spot.at)
        line, nth = found if found is not None else (laid.first_line, -1)
        self.marks.here = (entry.key, nth)
        reading.bring(entry.key, line=line)
        return True

    def status(self) -> list[Piece]:
        """Say where the reader is among all places, and what is not counted."""
        number = self.index.number_of(self._spot) if self._spot is not None else 0
        total = self.index.total
        if total:
            pieces: list[Piece] = [(our_line("{}/{}", number or "–", total), "bold $accent")]
        else:
            none = ours("nothing yet") if self.older is Older.UNDER_WAY else ours("nothing")
            pieces = [(none, "bold $link-degraded")]
        match self.older:
            case Older.UNTOUCHED:
                pieces.append((ours(" · ⏎ looks through what is older"), "$muted"))
            case Older.UNDER_WAY:
                pieces.append((our_line(" · looking through what is older: {} so far", self.coming), "$muted"))
            case Older.PARTLY:
                pieces.append((ours(" · what only the agent's file has from before is not searched"), "$link-degraded"))
            case Older.FAILED:
                pieces.append((joined((ours(" · what is older is not searched: "), self.trouble)), "$link-degraded"))
            case Older.WHOLE:
                pass
        return pieces

    def fail(self, message: str) -> None:
        """Say why what is older was not looked through."""
        self.older, self.trouble = Older.FAILED, clean_line(message)
