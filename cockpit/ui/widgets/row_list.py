"""A list of rows drawn line by line: the cursor is a key, and only rows that changed are painted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar

from rich.segment import Segment
from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cockpit.text.clean import NOTHING, Clean, ours, part
from cockpit.ui.look.cells import break_points, content

Lines = Content | Sequence[Content]
"""What a row shows: one line, or several."""

LOT = 5
"""Rows that are painted at once: a key waits for one lot at most, and a list of the usual height takes three."""


class Row:
    """One entry of a list; what it shows is drawn when somebody sees it."""

    __slots__ = ("_draw", "_lines", "_now", "height", "key", "ruled")

    def __init__(
        self,
        key: str,
        shown: Lines | Callable[[float], Lines],
        now: float = 0.0,
        *,
        height: int = 1,
        ruled: bool = False,
    ) -> None:
        """Take what a row shows, or what draws it.

        Args:
            key: what the row stands for; empty for a heading, which the cursor skips.
            shown: its lines, or a function that returns them for a moment and is called once, at the first look.
            now: the moment it is drawn for.
            height: how many lines it takes.
            ruled: the last of them parts it from the next row, and is no part of what the cursor marks.
        """
        self.key = key
        self.height = height
        self.ruled = ruled
        self._now = now
        self._draw = shown if callable(shown) else None
        self._lines: tuple[Content, ...] | None = None if callable(shown) else _as_lines(shown)

    def at(self, now: float) -> Row:
        """Return the row for another moment, not drawn yet."""
        return self if self._draw is None else Row(self.key, self._draw, now, height=self.height, ruled=self.ruled)

    @property
    def lines(self) -> tuple[Content, ...]:
        """What the row shows, line by line."""
        if self._lines is None:
            assert self._draw is not None
            self._lines = _as_lines(self._draw(self._now))
        return self._lines

    @property
    def content(self) -> Content:
        """Its first line."""
        return self.lines[0]


def _as_lines(shown: Lines) -> tuple[Content, ...]:
    return (shown,) if isinstance(shown, Content) else tuple(shown)


class RowList(ScrollView, can_focus=True):
    """Rows with a cursor that stays on its key while rows move, come and go."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-list--cursor", "row-list--empty"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home", "first", "first", show=False),
        Binding("end", "last", "last", show=False),
    ]
    DEFAULT_CSS = """
    RowList { scrollbar-size-vertical: 0; scrollbar-size-horizontal: 0; overflow-x: hidden; }
    RowList > .row-list--cursor { background: $row-cursor-blurred; }
    RowList:focus > .row-list--cursor { background: $row-cursor; text-style: bold; }
    RowList > .row-list--empty { color: $muted; }
    """

    @dataclass
    class Highlighted(Message):
        """The cursor went to another key by the operator's hand."""

        row_list: RowList
        key: str

        @property
        def control(self) -> RowList:
            """The list that speaks."""
            return self.row_list

    @dataclass
    class Chosen(Message):
        """The operator clicked the row that was under the cursor already."""

        row_list: RowList
        key: str
        twice: bool = False
        """It was a double click."""

        @property
        def control(self) -> RowList:
            """The list that speaks."""
            return self.row_list

    def __init__(
        self,
        *,
        empty: Sequence[Clean] = (),
        nothing: Sequence[Clean] = (),
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """Prepare a list without rows.

        Args:
            empty: stands there from the beginning for as long as there are no rows, e.g. that they are looked for.
            nothing: stands there once it was said that there are none; before that it would not be true.
        """
        super().__init__(id=id, classes=classes)
        self._rows: tuple[Row, ...] = ()
        self._tops: tuple[int, ...] = (0,)
        """The line at which each row begins, and behind them the one after the last."""
        self._empty = tuple(empty)
        self._nothing = tuple(nothing)
        self._key = ""
        self._unpainted: set[int] = set()
        """Rows that show something else than what was painted of them."""

    @property
    def cursor_key(self) -> str:
        """The key under the cursor, or empty text."""
        return self._key

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows shown."""
        return self._rows

    @property
    def lines(self) -> int:
        """How many lines all rows take."""
        return self._tops[-1]

    @property
    def lines_needed(self) -> int:
        """How many lines it takes to show all that there is, or why there is nothing."""
        return self.lines if self._rows else len(self._taught(self.scrollable_content_region.width - 2))

    @property
    def cursor_index(self) -> int | None:
        """Where the key stands now, or None."""
        return next((index for index, row in enumerate(self._rows) if row.key and row.key == self._key), None)

    def set_empty(self, lines: Sequence[Clean]) -> None:
        """Set what teaches the operator while there are no rows."""
        self._nothing = ()
        if tuple(lines) != self._empty:
            self._empty = tuple(lines)
            if not self._rows:
                self.refresh()

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows: unchanged lines are not painted again, the cursor stays on its key.

        A key that is gone hands the cursor to the row that took its place.
        """
        for _ in self.take_rows(rows):
            pass

    def take_rows(self, rows: Sequence[Row]) -> Iterator[None]:
        """Show these rows like `set_rows`, some at a time: each lot is painted for itself if its caller lets it be."""
        if self._nothing:
            self.set_empty(self._nothing)
        seen = self.cursor_index in self._in_sight()
        before, self._rows = self._rows, tuple(rows)
        stood, self._tops = self._tops, tuple(accumulate((row.height for row in self._rows), initial=0))
        index = next((at for at, row in enumerate(before) if row.key and row.key == self._key), 0)
        if self.cursor_index is None:
            self._key = self._nearest_key(index)
        now_at = self.cursor_index
        if seen and now_at is not None and self._tops[now_at] != stood[min(index, len(before))]:
            # What moved took the row along: whoever reads it goes with it.
            self.call_after_refresh(self._show_cursor)
        if stood != self._tops:
            self._unpainted.clear()
            self.virtual_size = Size(0, self._tops[-1])
            self.refresh()
            return
        # Rows that are out of sight are drawn when they come into it: a scroll paints all lines.
        self._unpainted.update(at for at in self._in_sight() if not _same(self._rows[at], before[at]))
        while self._unpainted:
            for at in sorted(self._unpainted)[:LOT]:
                self._unpainted.discard(at)
                self._refresh_row(at)
            if self._unpainted:
                yield

    def tick(self, now: float) -> None:
        """Show the rows in sight as they are at another moment: nothing is built, and only what differs is painted."""
        rows = list(self._rows)
        for at in self._in_sight():
            row = rows[at].at(now)
            if not _same(row, rows[at]):
                rows[at] = row
                self._refresh_row(at)
        self._rows = tuple(rows)

    def _in_sight(self) -> range:
        """Return the rows of which any line is in sight."""
        top, bottom = self.scroll_offset.y, min(self._tops[-1], self.scroll_offset.y + self.size.height)
        return range(self._row_at(top), self._row_at(bottom - 1) + 1) if top < bottom else range(0)

    def _row_at(self, line: int) -> int:
        """Return which row a line belongs to; behind the last, the number of rows."""
        return bisect_right(self._tops, line) - 1 if 0 <= line < self._tops[-1] else len(self._rows)

    def _refresh_row(self, at: int) -> None:
        for line in range(self._tops[at], self._tops[at + 1]):
            self.refresh_line(line)

    def keys_in_sight(self) -> list[tuple[int, str]]:
        """Return the rows whose first line is in sight and that have a key, each with that line in the view."""
        top = self.scroll_offset.y
        found = ((self._tops[at] - top, self._rows[at].key) for at in self._in_sight())
        return [(line, key) for line, key in found if key and line >= 0]

    def go_to_key(self, key: str) -> None:
        """Move the cursor to a key and tell of it, as its keys do."""
        index = next((at for at, row in enumerate(self._rows) if row.key == key), None)
        if index is not None:
            self._go(index)

    def point_at(self, key: str, *, scroll: bool = True) -> bool:
        """Put the cursor on a key without telling anybody; return False when it is not here."""
        if key == self._key:
            return self.cursor_index is not None
        before = self.cursor_index
        if not any(row.key == key for row in self._rows if row.key):
            return False
        self._key = key
        self._repaint(before)
        if scroll:
            self._show_cursor()
        return True

    def _nearest_key(self, index: int) -> str:
        """Return the key at or after an index, else the last before it."""
        after = (row.key for row in self._rows[index:] if row.key)
        before = (row.key for row in reversed(self._rows[:index]) if row.key)
        return next(after, next(before, ""))

    def _repaint(self, before: int | None) -> None:
        for index in (before, self.cursor_index):
            if index is not None:
                self._refresh_row(index)

    def _go(self, index: int) -> None:
        key = self._rows[index].key
        if key and key != self._key:
            self.point_at(key)
            self._check_refresh()  # the screen hears of what is to be painted before anybody hears of the cursor
            self.post_message(self.Highlighted(self, key))

    def _show_cursor(self) -> None:
        index = self.cursor_index
        if index is not None:
            row = self._rows[index]
            region = Region(0, self._tops[index], 1, row.height - row.ruled)
            self.scroll_to_region(region, animate=False, force=True)

    def action_move(self, step: int) -> None:
        """Move the cursor by rows, over headings."""
        index = self.cursor_index
        at = (-1 if step > 0 else len(self._rows)) if index is None else index
        at += step
        while 0 <= at < len(self._rows) and not self._rows[at].key:
            at += step
        if 0 <= at < len(self._rows):
            self._go(at)
        elif step < 0:
            self.scroll_home(animate=False)

    def action_page(self, direction: int) -> None:
        """Move the cursor by a screenful."""
        index = self.cursor_index or 0
        line = max(0, min(self._tops[-1] - 1, self._tops[index] + direction * max(1, self.size.height - 1)))
        at = self._row_at(line)
        keyed = [number for number, row in enumerate(self._rows) if row.key]
        if keyed:
            self._go(min(keyed, key=lambda number: abs(number - at)))

    def action_first(self) -> None:
        """Move the cursor to the first row."""
        keyed = [number for number, row in enumerate(self._rows) if row.key]
        if keyed:
            self._go(keyed[0])
            self.scroll_home(animate=False)

    def action_last(self) -> None:
        """Move the cursor to the last row."""
        keyed = [number for number, row in enumerate(self._rows) if row.key]
        if keyed:
            self._go(keyed[-1])

    @on(events.Click)
    def _clicked(self, event: events.Click) -> None:
        """Select by mouse; a click on the selected row chooses it."""
        index = self._row_at(event.y - self.gutter.top + self.scroll_offset.y)
        if not index < len(self._rows) or not self._rows[index].key:
            return
        if self._rows[index].key == self._key:
            self.post_message(self.Chosen(self, self._key, event.chain > 1))
        else:
            self._go(index)

    def _taught(self, width: int) -> list[Clean]:
        """Return what teaches the operator, wrapped to a width in cells."""
        return [
            part(line, start, end)
            for line in self._empty
            for start, end in break_points(line, max(8, width), words=True)
        ]

    def render_line(self, y: int) -> Strip:
        """Draw one line of the viewport."""
        width = self.scrollable_content_region.width
        index = self._row_at(y + self.scroll_offset.y)
        style = self.visual_style
        if index >= len(self._rows):
            taught = self._taught(width - 2) if not self._rows else []
            text = taught[y] if y < len(taught) else NOTHING
            style += self.get_visual_style("row-list--empty") if text else style
            line = content([(ours(" "), ""), (text, "")] if text else [])
        else:
            row, at = self._rows[index], y + self.scroll_offset.y - self._tops[index]
            line = row.lines[at] if at < len(row.lines) else content([])
            if row.key and row.key == self._key and not (row.ruled and at == row.height - 1):
                style = self.get_visual_style("row-list--cursor")
        line = line.truncate(width, ellipsis=True, pad=True)
        parse = self.app.stylesheet.parse_style
        from_style = [
            Segment(text, (style + piece).rich_style) for text, piece in line.render(style, end="", parse_style=parse)
        ]
        return Strip(from_style, width)


def _same(first: Row, second: Row) -> bool:
    """Compare rows with the spans of their content."""
    return first is second or (
        first.key == second.key
        and len(first.lines) == len(second.lines)
        and all(one.is_same(other) for one, other in zip(first.lines, second.lines, strict=True))
    )
