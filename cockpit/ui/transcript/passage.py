"""Where the reader of a transcript is: at its live end, held somewhere in it, or in a window onto the agent's past.

Here is how the reader goes from one to the other and nothing on the screen moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import Place, TranscriptWindow
from cockpit.ui.transcript.laid import LaidEntry
from cockpit.ui.transcript.layout import TranscriptLayout
from cockpit.ui.transcript.manner import ReadingManner
from cockpit.ui.transcript.matching import counterpart, entry_before
from cockpit.ui.transcript.receipts import ReceiptsBeside

MORE_LINES = 400
"""Lines laid out at once beyond what is there: some milliseconds."""

PAGE_WAIT = 20
"""Looks at a transcript that has dropped what the reader reads, until its loss is shown: a window opens sooner."""

NEWEST: Place = (1 << 62, 0)
"""A place behind every record."""


class PageRequest(Enum):
    """What the reader needs from elsewhere."""

    PAST = "past"
    """A window, at `Viewport.wanted`."""
    OLDER = "older"
    NEWER = "newer"
    LIVE = "live"
    """No window any more."""


@dataclass(slots=True)
class Wanted:
    """A window that was wished for."""

    place: Place | None
    """(epoch, line) it is to lie around; None for the beginning."""
    instead_of: TranscriptWindow | None
    """The window that does not do."""
    looks: int = 0
    """How often the reader looked for it."""
    jump: bool = False
    """It need not hold what is on the screen: the reader goes elsewhere."""


class Passage:
    """The reader's place. Both transcripts are laid out; going from one to the other moves no line on the screen."""

    def __init__(self, transcript: Transcript, manner: ReadingManner) -> None:
        self.beside = ReceiptsBeside()
        """What stands beside the operator's messages, in both."""
        self.manner = manner
        """What is shown in full, short and as written, in both."""
        self.live = TranscriptLayout(transcript, 0, manner=manner, beside=self.beside)
        self.past: TranscriptLayout | None = None
        """Laid out while the reader is in the past."""
        self.top = 0
        """The line of `lines` at the top of the view."""
        self.following = True
        self.wishes: list[PageRequest] = []
        """To be fulfilled by whoever shows this."""
        self.wanted: Wanted | None = None
        self.pointed: int | None = None
        """The key of the entry in `lines` that the reader points to."""
        self._height = 0
        self._offered: TranscriptWindow | None = None
        self._ended_at: Place | None = None
        self._seen_lines = 0

    @property
    def lines(self) -> TranscriptLayout:
        """The lines that are read."""
        return self.past if self.past is not None else self.live

    @property
    def bottom(self) -> int:
        """The top line of the view when the last line laid out is at its foot."""
        return max(0, self.lines.total - self._height)

    @property
    def pending(self) -> int:
        """How many lines came in at the live end since the reader left it."""
        return 0 if self.following else max(0, self.live.total + self.live.above - self._seen_lines)

    def offer(self, window: TranscriptWindow | None) -> None:
        """Show which window onto the past is open."""
        self._offered = window

    # --- taking in -----------------------------------------------------------------------------------

    def fit(self, width: int, height: int) -> bool:
        """Lay everything out for a size and manner; the line at the top stays there. Return whether it was needed."""
        resized, self._height = height != self._height, height
        if self.live.shape == (width, self.manner.expanded, self.manner.raw):
            if resized:
                self.top = self.bottom if self.following else max(0, min(self.top, self.bottom))
            return resized
        anchor = self.lines.anchor(self.top)
        self.pointed = self.lines.key_now(self.pointed) if self.pointed is not None else None
        self.live = self._laid_out(self.live.transcript, width)
        self.live.update()
        if self.past is not None:
            self.past = self._laid_out(self.past.transcript, width)
            self.past.update()
            self._lay_around(self.past, anchor.key if anchor is not None else self.past.transcript.first_key)
        elif anchor is not None and not self.following:
            while not self.live.holds(anchor.key) and self.live.extend_back(MORE_LINES):
                pass
        self._seen_lines = self.live.total + self.live.above
        if self.following or anchor is None:
            self.top = self.bottom
        else:
            self.top = max(0, min(self.lines.number_of(anchor), self.bottom))
        return True

    def _laid_out(self, transcript: Transcript, width: int) -> TranscriptLayout:
        return TranscriptLayout(transcript, width, manner=self.manner, beside=self.beside)

    def update(self) -> bool:
        """Take in what changed; return whether anything did."""
        if self.past is not None:
            changed = self.live.update()
            return self._update_past(self.past) or changed
        if self.wanted is not None:
            self.wanted.looks += 1
            if self._enter_past(self.wanted):
                return True
        anchor = self.live.anchor(self.top)
        if self.following or anchor is None:
            changed = self._take_in(self.live)
            self.top = self.bottom
        elif anchor.key < self.live.transcript.first_key and self._may_wait():
            return False  # the lines stay as they are until a window has them
        else:
            changed = self._take_in(self.live)
            self.top = max(0, min(self.live.number_of(anchor), self.bottom))
        return changed

    def _take_in(self, lines: TranscriptLayout) -> bool:
        """Lay out what changed in what is read, and go on pointing to the same entry; return whether anything did."""
        pointed = lines.key_now(self.pointed) if self.pointed is not None else None
        changed = lines.update()
        self.pointed = pointed
        return changed

    def _may_wait(self) -> bool:
        """Wish for a window where the transcript dropped what is read; say whether it may still come."""
        if self.wanted is None:
            self._want_past_here()
        return self.wanted is not None and self.wanted.looks < PAGE_WAIT

    def _update_past(self, past: TranscriptLayout) -> bool:
        if self.wanted is not None and self._enter_past(self.wanted):
            return True
        anchor, at_top = past.anchor(self.top), self.top == 0 and past.begins
        if not self._take_in(past):
            return False
        if not past.total:
            self._lay_around(past, anchor.key if anchor is not None else past.transcript.first_key)
        self.top = past.number_of(anchor) if anchor is not None else 0
        if at_top and self._border(past):
            past.extend_back(1)
            self.top = 0
        self._fill(past)
        self.top = max(0, min(self.top, self.bottom))
        return True

    def _border(self, past: TranscriptLayout) -> bool:
        return past.window is not None and bool(past.window.border_text)

    def _fill(self, past: TranscriptLayout, *, asked: bool = False) -> None:
        """Lay out what is missing around the view, and wish for what is not held.

        What could not be had is wished for again when the reader asks, and not by itself.
        """
        if self.top < self._height:
            self.top += past.extend_back(MORE_LINES)
        if past.begins and self.top < 2 * self._height and (asked or not self._border(past)):
            self.wishes.append(PageRequest.OLDER)
        if past.total - self.top < 2 * self._height:
            past.extend_forward(MORE_LINES)
        if past.ends and past.total - self.top < 3 * self._height:
            self.wishes.append(PageRequest.NEWER)

    # --- between the live transcript and the past ----------------------------------------------------

    def _want_past_here(self) -> None:
        """Wish for a window around the top of the view; one that is open and holds it does."""
        if self._is_wanted(anywhere=False):
            return
        found = self.live.line_at(self.top)
        place, window = found[0].place if found is not None else NEWEST, self._offered
        first, last = (window.first_place, window.last_place) if window is not None else (None, None)
        if window is not None and first is not None and last is not None and first < place <= last:
            self.wanted = Wanted(place, None)
            self._enter_past(self.wanted)
        else:
            self.wanted = Wanted(place, window)
            self.wishes.append(PageRequest.PAST)

    def go_to_place(self, place: Place) -> None:
        """Wish to read on at a record, wherever it is."""
        self.wanted = Wanted(place, self._offered, jump=True)
        self.wishes.append(PageRequest.PAST)

    def _want_beginning(self) -> None:
        if not self._is_wanted(anywhere=True):
            self.wanted = Wanted(None, self._offered)
            self.wishes.append(PageRequest.PAST)

    def _is_wanted(self, *, anywhere: bool) -> bool:
        """Tell whether a window, around a place or `anywhere`, was wished for just now: one wish at a time."""
        wanted = self.wanted
        return wanted is not None and (wanted.place is None) is anywhere and wanted.looks < PAGE_WAIT

    def _enter_past(self, wanted: Wanted) -> bool:
        """Go on in the window that was wished for, once it is open and holds what is on the screen."""
        window = self._offered
        if window is None or window is wanted.instead_of or not len(window):
            return False
        past = self._laid_out(window, self.live.width)
        if wanted.place is None or wanted.jump:
            before = entry_before(window, wanted.place) if wanted.place is not None else None
            key = before.key if before is not None else window.first_key
            self._lay_around(past, key)
            past.above = self.lines.above + self.top
            top = past.start_of(key)
        else:
            found = self._same_line(past, window)
            if found is None:
                return False
            top = found
            past.above = self.lines.above + self.top - top
        self._point_in(self.live if self.past is None else self.past, past)
        self.past, self.top = past, top
        self.wanted, self._ended_at = None, None
        self._set_following(False)
        self._fill(past)
        return True

    def _point_in(self, of: TranscriptLayout, to: TranscriptLayout) -> None:
        """Go on pointing to the same entry in another transcript, if that has it."""
        entry = of.transcript.entry(self.pointed) if self.pointed is not None else None
        same = counterpart(entry, of.transcript, to.transcript) if entry is not None else None
        self.pointed = same.key if same is not None else None

    def _same_line(self, past: TranscriptLayout, window: TranscriptWindow) -> int | None:
        """Lay a window out around what is on the screen; return the line that is at the top, None if it is not held."""
        height = self._height
        found = [one for y in range(height) if (one := self.live.line_at(self.top + y)) is not None]
        seen: list[LaidEntry] = [laid for laid, line in found if not line]
        if found and found[0][1]:
            seen.insert(0, found[0][0])
        for laid in seen:
            entry = self.live.transcript.entry(laid.key)
            same = counterpart(entry, self.live.transcript, window) if entry is not None else None
            if same is not None:
                self._lay_around(past, same.key)
                top = past.start_of(same.key) + self.top - self.live.start_of(laid.key)
                break
        else:
            if not found:
                self._lay_around(past, window.next_key)
                return max(0, past.total - height)
            before = entry_before(window, found[0][0].place)
            if before is None:
                return None
            self._lay_around(past, before.key)
            rest = len(found[0][0].lines) - found[0][1]
            top = past.start_of(before.key) + max(0, past.lines_of(before.key) - rest)
        if past.total - top < height and not (past.ends and self._ended_at == window.last_place):
            self._ended_at = window.last_place
            self.wishes.append(PageRequest.NEWER)
            return None
        return max(0, top)

    def _lay_around(self, past: TranscriptLayout, key: int) -> None:
        transcript = past.transcript
        past.lay_around(max(transcript.first_key, min(key, transcript.next_key - 1)), MORE_LINES)

    def _join_live(self, past: TranscriptLayout) -> None:
        """Go on in the live transcript if it holds the line at the top of the view as the window does."""
        found = past.line_at(self.top)
        entry = past.transcript.entry(found[0].key) if found is not None else None
        same = counterpart(entry, past.transcript, self.live.transcript) if entry is not None else None
        if found is not None and entry is not None and same is not None and self._reads_alike(entry, same):
            if not self.live.holds(same.key):
                self.live.extend_back(MORE_LINES)
            if self.live.holds(same.key):
                self._leave_past(past, self.live.start_of(same.key) + found[1])
        elif past.ends and self.top >= self.bottom and self._ended_at == self._last_place(past):
            # The store has nothing newer: what follows is in the transcript alone.
            while self.live.extend_back(MORE_LINES):
                pass
            self._leave_past(past, 0)
        elif past.ends and self.top >= self.bottom:
            self._ended_at = self._last_place(past)

    def _reads_alike(self, entry: Entry, live: Entry) -> bool:
        """Tell whether a line of one is the same line of the other."""
        if live.key == self.live.transcript.first_key:
            return False
        return live.text == entry.text or (live.kind is EntryKind.ANSWER and live.text.startswith(entry.text))

    def _last_place(self, past: TranscriptLayout) -> Place | None:
        return past.window.last_place if past.window is not None else None

    def return_to_live(self) -> None:
        """Go on in the live transcript, at its oldest line that is laid out."""
        if self.past is not None:
            self._leave_past(self.past, 0)
            self._set_following(False)

    def _leave_past(self, past: TranscriptLayout, top: int) -> None:
        shift = past.above + self.top - self.live.above - top
        self.live.above += shift
        self._seen_lines += shift
        self._point_in(past, self.live)
        self.past, self.wanted, self.top = None, None, min(top, max(0, self.live.total - self._height))

    def _set_following(self, following: bool) -> None:
        if following != self.following:
            self.following = following
            self._seen_lines = self.live.total + self.live.above
            if following:
                self._release()

    def _release(self) -> None:
        """Need no window any more."""
        if self._offered is not None or self.wanted is not None:
            self.wishes.append(PageRequest.LIVE)
            self.wanted = self._offered = None
