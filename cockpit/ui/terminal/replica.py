"""The replica: what the terminal shall show and what it shows, and the text that turns the one into the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.color import ColorSystem
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from cockpit.ui.terminal.cells import CellRow, Pen, cells_of
from cockpit.ui.terminal.difference import FrameDifference
from cockpit.ui.terminal.directions import steadied

MOST_NOTED = 32
"""Strips that wait for one line; beyond that they are laid down, so that a terminal that stalls costs no memory."""
TOGETHER = 512
"""Characters of a frame from which on the terminal is asked to show it at once: less it reads in one piece anyway."""

SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"


@dataclass(slots=True)
class NotedLine:
    """The strips that were composed for a line, and are not laid down yet."""

    newest: dict[int, Strip] = field(default_factory=dict)
    """By their first cell: what was composed last for a place. What is equal to it is no news."""
    waiting: list[tuple[int, Strip]] = field(default_factory=list)

    def note(self, x: int, strip: Strip) -> bool:
        """Take a strip; return False where it is what stands there already."""
        known = self.newest.get(x)
        if known is strip or (known is not None and known.cell_length == strip.cell_length and known == strip):
            return False
        end = x + strip.cell_length
        for at, other in tuple(self.newest.items()):
            if at < end and x < at + other.cell_length:
                del self.newest[at]
        self.newest[x] = strip
        self.waiting = [(at, old) for at, old in self.waiting if at < x or end < at + old.cell_length]
        self.waiting.append((x, strip))
        return True


class Replica:
    """One terminal's frame. The event loop notes what was composed, the writing thread takes the difference."""

    def __init__(self) -> None:
        """Begin with a terminal that is not ours yet."""
        self._guard = threading.Lock()
        """Held for moments only: the event loop takes it for each frame."""
        self._size = (0, 0)
        """Columns and lines of the newest frame."""
        self._noted: list[NotedLine] = []
        self._news: set[int] = set()
        """Lines with strips that are not laid down."""
        self._cursor = (0, 0)
        self._colours: ColorSystem | None = ColorSystem.TRUECOLOR
        self._together = False
        self._away = True
        self._known = False
        """Whether what the terminal shows is what was written last."""
        self._rows = threading.Lock()
        """Held while a difference is found, and never by the event loop while that lasts. Taken before `_guard`."""
        self._wanted: list[CellRow] = []
        self._shown: list[CellRow | None] = []
        self._width = 0
        self._laid: set[int] = set()
        """Lines that may differ from what is shown."""
        self._shown_cursor: tuple[int, int] | None = None
        self._pen: Pen | None = None

    def note(
        self, update: CompositorUpdate, cursor: tuple[int, int], *, colours: ColorSystem | None, together: bool = False
    ) -> bool:
        """Take what Textual composed; return False where the terminal has, or will have, all of it.

        Args:
            update: the strips; each is kept as it is, and read later by another thread.
            cursor: where the terminal's cursor shall be, as column and line from 0.
            colours: what the terminal can show; None: no colours are wanted.
            together: whether the terminal knows how to show a frame at once (its mode 2026).
        """
        with self._guard:
            self._colours, self._together = colours, together
            news = cursor != self._cursor
            self._cursor = cursor
            if isinstance(update, LayoutUpdate) and self._size != (update.region.right, update.region.bottom):
                self._size = (update.region.right, update.region.bottom)
                self._noted = [NotedLine() for _ in range(update.region.bottom)]
                self._news.clear()
                self._known = False
            for y, x, strip in strips_of(update):
                if y < len(self._noted) and self._noted[y].note(x, strip):
                    self._news.add(y)
                    news = True
                    if len(self._noted[y].waiting) > MOST_NOTED and self._rows.acquire(blocking=False):
                        try:
                            self._lay_down(self._size, self._take(), colours)
                        finally:
                            self._rows.release()
            return news

    def enter(self) -> None:
        """Take it that the terminal is ours, and nothing known of what it shows: the whole frame comes next."""
        with self._guard:
            self._away = self._known = False

    def forget(self) -> None:
        """Take it that what the terminal shows is not certain: the whole frame comes next, if the terminal is ours."""
        with self._guard:
            self._known = False

    def leave(self) -> None:
        """Take it that the terminal shows something of others: nothing is said until `enter`."""
        with self._guard:
            self._away = True

    def difference(self) -> str:
        """Return what makes the terminal show the newest frame, and take it that it is written."""
        with self._rows:
            with self._guard:
                if self._away:
                    return ""
                size, strips, colours = self._size, self._take(), self._colours
                cursor, together, known, self._known = self._cursor, self._together, self._known, True
            self._lay_down(size, strips, colours)
            if not known:
                self._shown, self._shown_cursor, self._pen = [None] * len(self._wanted), None, None
                self._laid = set(range(len(self._wanted)))
            found = FrameDifference(self._pen)
            for y in sorted(self._laid):
                wanted = steadied(self._wanted[y])
                found.add(y, wanted, self._shown[y])
                self._shown[y] = wanted.copy()
            self._laid.clear()
            text = found.text(cursor, self._shown_cursor) if self._wanted else ""
            self._shown_cursor, self._pen = cursor, found.pen
        return f"{SYNC_START}{text}{SYNC_END}" if together and len(text) > TOGETHER else text

    def _take(self) -> list[tuple[int, int, Strip]]:
        """Return the strips that wait, by line and first cell; `_guard` is held."""
        taken = []
        for y in self._news:
            taken += [(y, x, strip) for x, strip in self._noted[y].waiting]
            self._noted[y].waiting = []
        self._news.clear()
        return taken

    def _lay_down(
        self, size: tuple[int, int], strips: list[tuple[int, int, Strip]], colours: ColorSystem | None
    ) -> None:
        """Put strips in their places; `_rows` is held."""
        width, height = size
        if len(self._wanted) != height or self._width != width:
            self._wanted, self._width = [CellRow.blank(width) for _ in range(height)], width
        for y, x, strip in strips:
            self._wanted[y].put(x, cells_of(strip, colours))
            self._laid.add(y)


def strips_of(update: CompositorUpdate) -> Iterator[tuple[int, int, Strip]]:
    """Yield line, first cell and strip of all that an update of Textual paints."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield y, x, strip
                x += strip.cell_length
    elif isinstance(update, ChopsUpdate):
        for y, start, stop in update.spans:
            for end, (x, part) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if part is None or x >= stop or end <= start:
                    continue
                yield y, x, part if end <= stop else part.crop(0, stop - x)
