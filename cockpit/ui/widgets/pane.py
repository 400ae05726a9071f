"""A numbered list pane: rows from a snapshot, a filter, and a title that says what of them is in sight."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from textual.reactive import reactive

from cockpit.model.filters.fields import Vocabulary
from cockpit.model.filters.language import filter_of
from cockpit.model.fleet import Fleet
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.look.cells import Piece
from cockpit.ui.look.rows import panes as look
from cockpit.ui.widgets.frame import set_title
from cockpit.ui.widgets.row_list import Row, RowList

Built = Generator[None, None, tuple[list[Row], Clean]]
"""Steps that end with rows and a short note for the title."""


class Pane(RowList):
    """A numbered list pane with a filter."""

    NUMBER = 0
    NAME: Clean = NOTHING
    EMPTY: tuple[Clean, ...] = ()
    WHAT: Clean = NOTHING
    """What the pane shows, in a sentence."""
    SERVICES: tuple[str, ...] = ()
    """The control services that know it, the first one first."""
    NO_MATCH: tuple[Clean, ...] = (ours("Nothing matches the filter."), ours("Press esc to show everything."))

    needle: reactive[str] = reactive("", repaint=False)
    """What the operator filters by."""

    VOCABULARY: Vocabulary[Any] | None = None
    """What can be asked in its filter."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="pane")
        self.called = self.NAME
        """How its title names it."""
        self.heads: tuple[tuple[int, Clean], ...] = ()
        """Words over columns, each with the cell of a row at which it begins."""
        self.warned: tuple[Piece, ...] = ()
        """What the title says in another tone behind all else."""
        self.count: Clean = NOTHING
        """How many there are, where words over columns share the title with it."""
        self._notes: tuple[Clean, ...] = ()
        self._title_key: tuple[object, ...] = ()
        self._taken_in = 0
        """Snapshots that were taken in or begun to be."""

    @property
    def hits(self) -> int:
        """How many rows there are that one can stand on."""
        return sum(bool(row.key) for row in self.rows)

    @property
    def faults(self) -> tuple[str, ...]:
        """What in the filter means nothing."""
        return filter_of(self.needle, self.VOCABULARY).faults if self.VOCABULARY is not None else ()

    def build(self, fleet: Fleet, now: float, width: int) -> tuple[list[Row], Clean]:
        """Return the rows for a width in cells, and a short note for the title."""
        raise NotImplementedError  # panes are queried, and mypy lets Textual's queries take no abstract class

    def build_steps(self, fleet: Fleet, now: float, width: int) -> Built:
        """Return the same, in steps where that takes long."""
        yield from ()
        return self.build(fleet, now, width)

    def flush(self, fleet: Fleet, now: float) -> None:
        """Show a snapshot, unless nobody sees this pane."""
        for _ in self.flush_steps(fleet, now):
            pass

    def flush_steps(self, fleet: Fleet, now: float) -> Iterator[None]:
        """Show a snapshot in steps, unless nobody sees this pane; it gives way to one that is taken in meanwhile."""
        width = self.scrollable_content_region.width
        if not self.display or width <= 0:
            return
        self._taken_in = taken_in = self._taken_in + 1
        rows, note = yield from self.build_steps(fleet, now, width - 2)
        yield
        if taken_in != self._taken_in:
            return
        unknown = look.unknown_because(fleet, self.SERVICES, self.WHAT)
        self.set_empty(unknown or (self.NO_MATCH if self.needle else self.EMPTY))
        yield from self.take_rows(rows)
        doubt = look.doubt(fleet, self.SERVICES)
        self._notes = (note, our_line("/{}", self.needle) if self.needle else NOTHING, doubt)
        self._retitle()

    def tick(self, now: float) -> None:
        """Let the ages go on, unless nobody sees this pane."""
        if self.display and self.size.width:
            super().tick(now)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say in the title which rows are in sight."""
        super().watch_scroll_y(old_value, new_value)
        self._retitle()

    def _retitle(self) -> None:
        """Set the title if it says something else now, or for another width."""
        width = self.outer_size.width - look.TITLE_MARGIN
        seen, number = self._in_sight(), len(self.rows)
        where = (
            our_line("{}–{} of {}", seen.start + 1, seen.stop, number) if 0 < self.size.height < self.lines else NOTHING
        )
        key = (width, self.called, where, self.count, self.heads, self.warned, *self._notes)
        if key != self._title_key:
            self._title_key = key
            # Columns that have words leave little room: what is cut first is what counts least.
            lead = look.title(self.NUMBER, self.called, *((where or self.count,) if self.heads else ()), *self._notes)
            lead += [(our_line(" · {}", word), style) for word, style in self.warned]
            tail: list[Piece] = [(where, "$muted")] if where else []
            set_title(self, look.title_line(lead, width, [(at - 2, word) for at, word in self.heads], tail))
