"""The reader's moves: by lines, turns and blocks, to a place, and what is folded and opened on the way."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.model.transcript.entry import Entry
from cockpit.ui.transcript.laid import OWN_WORDS, LaidEntry
from cockpit.ui.transcript.manner import Fullness
from cockpit.ui.transcript.passage import MORE_LINES, Passage

WantedBlock = Callable[[Entry], bool]
"""Tells which blocks the reader goes to."""


class Viewport(Passage):
    """The reader's place, and the block that the reader points to."""

    def move_to(self, top: int) -> None:
        """Put a line at the top of the view; leaving the live end stops following, reaching it resumes."""
        down = top > self.top
        if self.past is not None:
            self.top = top
            self._fill(self.past, asked=True)
            self.top = max(0, min(self.top, self.bottom))
            if down:
                self._join_live(self.past)
        else:
            self._move_live(top)
        self._set_following(self.past is None and self.top >= self.bottom)

    def _move_live(self, top: int) -> None:
        up = top < self.top
        if top < self._height:
            top += self.live.extend_back(MORE_LINES)
        self.top = max(0, min(top, self.bottom))
        if up and self.live.begins and self.top < 2 * self._height:
            self._want_past_here()
        elif not up:
            self.wanted = None

    def go_home(self) -> None:
        """Go to the oldest line there is; what is held is shown until a window opens there."""
        if self.past is None:
            while self.live.extend_back(MORE_LINES):
                pass
            self.top = 0
            self._set_following(self.bottom == 0)
            self._want_beginning()
            return
        window = self.past.window
        if window is not None and (window.border_text or window.begins_all):
            self._lay_around(self.past, window.first_key)
            self.move_to(0)
        else:
            self._want_beginning()

    def follow(self) -> None:
        """Go to the newest line and stay there."""
        if self.past is not None:
            self._leave_past(self.past, 0)
        self._release()
        self.live.update()
        self.top, self.pointed = self.bottom, None
        self._set_following(True)

    # --- blocks --------------------------------------------------------------------------------------

    def in_view(self) -> list[LaidEntry]:
        """Return the entries of which a line is in view, from the top."""
        found: dict[int, LaidEntry] = {}
        for y in range(self._height):
            at = self.lines.line_at(self.top + y)
            if at is not None:
                found[at[0].key] = at[0]
        return list(found.values())

    def block(self, *, cut: bool = False) -> Entry | None:
        """Return the block that an act is about: the one pointed to if it is in view, else the one that is read.

        Args:
            cut: rather one of which something is left out.
        """
        seen = self.in_view()
        pointed = next((laid for laid in seen if laid.key == self.pointed), None)
        if pointed is None and seen:
            order = seen[::-1] if self.following else [laid for laid in seen if self._row(laid.key) >= 0] or seen
            pointed = next((laid for laid in order if cut and laid.cuts), order[0])
        return self.lines.entry(pointed.key) if pointed is not None else None

    def point_to(self, key: int) -> None:
        """Point to an entry that is laid out."""
        self.pointed = key

    def entry_at(self, row: int) -> tuple[LaidEntry, int] | None:
        """Return the entry, and the line of it, that stands in a row of the view."""
        return self.lines.line_at(self.top + row)

    def go_to_turn(self, direction: int) -> bool:
        """Go to the operator's message before or after; return whether one is held."""
        if self.go_to_block(direction, lambda entry: entry.kind in OWN_WORDS, at_top=True):
            return True
        if direction < 0:
            self.move_to(0)
        elif self.past is not None:
            self.move_to(self.bottom)
        return False

    def go_to_block(self, direction: int, wanted: WantedBlock, *, at_top: bool = False) -> bool:
        """Point to the next entry of a sort, before or after, and bring it into view; return whether one is held.

        Args:
            direction: -1 to older ones, 1 to newer ones.
            wanted: tells the sort.
            at_top: put it at the top of the view also where it is in view already.
        """
        entry = self._next_block(direction, wanted)
        if entry is None:
            return False
        self.bring(entry.key, at_top=at_top)
        return True

    def bring(self, key: int, *, line: int = 0, at_top: bool = False) -> None:
        """Point to an entry that is held, and have a line of it in view."""
        lines = self.lines
        while not lines.holds(key) and (added := lines.extend_back(MORE_LINES)):
            self.top += added
        while not lines.holds(key) and lines.extend_forward(MORE_LINES):
            pass
        if lines.holds(key):
            self.pointed = key
            start = lines.start_of(key) + min(line, lines.lines_of(key) - 1)
            if at_top:
                self.move_to(start)
            elif not 0 <= start - self.top < self._height:
                self.move_to(start - self._height // 3)

    def _next_block(self, direction: int, wanted: WantedBlock) -> Entry | None:
        transcript = self.lines.transcript
        row = self._row(self.pointed) if self.pointed is not None else -1
        found = self.lines.line_at(self.top)
        if self.pointed is not None and 0 <= row < self._height:
            key = self.pointed + direction
        elif found is None:
            return None
        elif self.following and direction < 0:
            key = transcript.next_key - 1
        else:
            # Above the top: what begins there; below: what begins after it.
            key = found[0].key + (0 if direction < 0 and found[1] > found[0].first_line else direction)
        while (entry := transcript.entry(key)) is not None:
            if wanted(entry):
                return entry
            key += direction
        return None

    def newest(self, wanted: WantedBlock) -> Entry | None:
        """Return the newest entry of a sort that is held."""
        transcript = self.lines.transcript
        key = transcript.next_key - 1
        while (entry := transcript.entry(key)) is not None and not wanted(entry):
            key -= 1
        return entry

    def _row(self, key: int) -> int:
        """Return the row of the view in which an entry begins; negative above it, and for what is not laid out."""
        return self.lines.start_of(key) - self.top if self.lines.holds(key) else -1

    def toggle(self, entry: Entry) -> None:
        """Open a block of which something is left out, fold one that is open; its first line stays where it is."""
        lines, shown = self.lines, self.manner.of(entry)
        laid = lines.laid(entry.key)
        if laid is None:
            return
        self.pointed = entry.key
        row = max(0, self._row(entry.key))
        if laid.cuts:
            self.manner.show(entry, Fullness.FULL)
        elif shown is Fullness.FULL and self.manner.usual is Fullness.SHORT:
            self.manner.show(entry, Fullness.SHORT)
            lines.update()
            if not (again := lines.laid(entry.key)) or not again.cuts:
                self.manner.show(entry, Fullness.HEAD)
        else:
            self.manner.show(entry, Fullness.HEAD)
        lines.update()
        self.top = max(0, min(lines.start_of(entry.key) - row, self.bottom))
        self._set_following(self.past is None and self.top >= self.bottom)

    # --- what the widget draws by --------------------------------------------------------------------

    def standing(self) -> float:
        """Return how far down the whole history the view stands, from 0 to 1."""
        newest = self.live.transcript.entry(self.live.transcript.next_key - 1)
        found = self.lines.line_at(self.top)
        if self.past is None or newest is None or found is None:
            return self.top / max(1, self.bottom)
        epoch, line = found[0].place
        return line / max(1, newest.line) if epoch == newest.epoch else 0.0

    def stand_at(self, standing: float) -> None:
        """Go so far down the whole history, from 0 to 1: by lines where they are laid out, else by records."""
        newest = self.live.transcript.entry(self.live.transcript.next_key - 1)
        if standing >= 1.0:
            self.follow()
        elif standing <= 0.0:
            self.go_home()
        elif self.past is None or newest is None:
            self.move_to(round(standing * self.bottom))
        elif self.wanted is None:
            self.go_to_place((newest.epoch, max(1, round(standing * newest.line))))
