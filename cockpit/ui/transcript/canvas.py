"""Paints the lines of a transcript in view: gutter, text, what is found in it, selection, scroll mark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from cockpit.text.clean import NOTHING, Clean, joined, ours, part
from cockpit.text.sanitize import our_line
from cockpit.ui.look.cells import Piece, content, fit, width_of
from cockpit.ui.transcript.find.found import Mark, NoMarks
from cockpit.ui.transcript.folding import TextLine
from cockpit.ui.transcript.framed_lines import FramedLines
from cockpit.ui.transcript.laid import LaidEntry
from cockpit.ui.transcript.layout import TranscriptLayout
from cockpit.ui.transcript.viewport import Viewport

SELECTION_ORIGIN = 1_000_000
"""Selected lines are counted from here, so that their numbers stay when older lines come in above."""

CLOCK = 5
"""Cells of the time beside a line."""

CLOCK_FROM = 60
"""Cells of a pane from which there is room for the time."""


FOUND = Style(underline=True, bold=True)
FOUND_HERE = Style(reverse=True, bold=True)
"""Found words keep their colours: every theme can show these two, also one that has the terminal's colours alone."""


class TranscriptCanvas(Widget):
    """Draws only the lines in view, each from what it shows and nothing else."""

    ALLOW_SELECT = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "transcript--badge",
        "transcript--thumb",
        "transcript--empty",
        "transcript--clock",
        "transcript--pointer",
    }
    DEFAULT_CSS = """
    TranscriptCanvas > .transcript--badge { background: $mode-prompt; color: $background; text-style: bold; }
    TranscriptCanvas > .transcript--thumb { color: $faint; }
    TranscriptCanvas > .transcript--empty { color: $muted; }
    TranscriptCanvas > .transcript--clock { color: $muted; }
    TranscriptCanvas > .transcript--pointer { color: $accent; text-style: bold; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._styles_cache = FramedLines()
        self._reading: Viewport | None = None
        self.empty: tuple[Clean, ...] = ()
        """What teaches the operator while there is nothing to read."""
        self.found: NoMarks = NoMarks()
        """Tells what is marked in a line."""
        self.painted = 0
        """Lines painted since the beginning; tests count them."""
        self._strips: LRUCache[tuple[int, TextLine, tuple[Mark, ...]], Strip] = LRUCache(2048)
        """What was painted, by the width and all that the line shows: it outlives a new folding of its entry."""
        self._beside: LRUCache[tuple[Clean, int, str], Strip] = LRUCache(256)
        """What was painted beside the lines, by its text, its cells and the component that gives it its colours."""

        self._rows: LRUCache[tuple[object, ...], Strip] = LRUCache(512)
        """Whole lines, by the width and all that they show: what comes in below moves them only."""

    # --- measures ------------------------------------------------------------------------------------

    @property
    def gutter_width(self) -> int:
        """Cells left of the text: for the time where there is room, and for the pointer."""
        return _gutter_of(self.size.width)

    @property
    def text_width(self) -> int:
        """Cells of a line of text; behind it a blank, and the scroll mark."""
        return _text_of_width(self.size.width)

    @property
    def layout_lines(self) -> TranscriptLayout | None:
        """The lines that are read; None while there is nothing to read."""
        return self._reading.lines if self._reading is not None and self._reading.live.width else None

    @property
    def total(self) -> int:
        """How many lines are laid out."""
        return self.layout_lines.total if self.layout_lines is not None else 0

    @property
    def top(self) -> int:
        """The line at the top of the view."""
        return self._reading.top if self._reading is not None else 0

    @property
    def pending(self) -> int:
        """How many lines came in below since the reader left the end."""
        return self._reading.pending if self._reading is not None else 0

    # --- painting ------------------------------------------------------------------------------------

    def seen_at(self, y: int, height: int) -> tuple[object, ...]:
        """Return all that decides how a row of the view looks, which has so many rows."""
        number = self.top + y
        at = self.layout_lines.line_at(number) if self.layout_lines is not None else None
        badge = self.pending if y == height - 1 else 0
        standing = (self._selection_line(number), self._is_marked(y, height), badge)
        if at is None:
            return (None, *standing)
        laid, line = at
        pointed = self._is_pointed(laid, line)
        return laid.lines[line], self._label(laid, line), pointed, self.found.at(laid, line), *standing

    def render_line(self, y: int) -> Strip:
        """Draw one row of the view; a line that was drawn so before is the same strip."""
        self.painted += 1
        width, height = self.size
        at = self.layout_lines.line_at(self.top + y) if self.layout_lines is not None else None
        if at is None:
            if not self.total and y < len(self.empty):
                return self._paint([(our_line(" {}", self.empty[y]), "")], width, "transcript--empty")
            return Strip.blank(width, self.visual_style.rich_style)
        if self.text_selection is not None:
            return self._row(y, *at)
        key = (width, *self.seen_at(y, height))
        if (strip := self._rows.get(key)) is None:
            strip = self._rows[key] = self._row(y, *at)
        return strip

    def _row(self, y: int, laid: LaidEntry, line: int) -> Strip:
        """Draw a line of an entry on a row of the view: what stands beside it, its text, and the scroll mark."""
        width, height = self.size
        number = self.top + y
        text, selection = laid.lines[line], self.text_selection
        marks = self.found.at(laid, line)
        room = _text_of_width(width)
        strip = self._strips.get((room, text, marks)) if selection is None else None
        if strip is None:
            strip = self._with_marks(self._paint(text.pieces, room), text, marks)
            if selection is not None:
                strip = self._selected(strip, text, selection, number)
            else:
                self._strips[room, text, marks] = strip
        gutter = self._gutter(self._label(laid, line), _gutter_of(width), pointed=self._is_pointed(laid, line))
        row = self._selection_line(number)
        blank = self._paint_beside(ours(" "), 1)
        strip = Strip.join(
            [
                gutter.apply_offsets(-gutter.cell_length, row),
                strip.apply_offsets(0, row),
                blank,
                self._scroll_mark(y, height),
            ]
        )
        return self._with_badge(strip, width) if y == height - 1 and self.pending else strip

    def _label(self, laid: LaidEntry, line: int) -> str:
        """Return what stands beside a line: the time, or the number of its record where lines are raw."""
        if line != laid.first_line or self._reading is None:
            return ""
        return str(laid.place[1])[-CLOCK:] if self._reading.manner.raw else laid.label

    def _is_pointed(self, laid: LaidEntry, line: int) -> bool:
        return self._reading is not None and self._reading.pointed == laid.key and line >= laid.first_line

    def _gutter(self, label: str, cells: int, *, pointed: bool) -> Strip:
        sign = self._paint_beside(ours("▌") if pointed else ours(" "), 1, "transcript--pointer" if pointed else "")
        if cells == 1:
            return sign
        words = fit(our_line("{}", label), CLOCK, right=True)
        return Strip.join([self._paint_beside(words, CLOCK, "transcript--clock"), sign])

    def _with_badge(self, strip: Strip, width: int) -> Strip:
        """Lay the count of unread lines over the end of the last line."""
        text = our_line(" ↓ {} new · end ", self.pending)
        left = max(0, width - 1 - width_of(text))
        badge = self._paint_beside(text, width_of(text), "transcript--badge")
        return Strip.join([strip.crop(0, left), badge, strip.crop(left + width_of(text), width)])

    def _with_marks(self, strip: Strip, line: TextLine, marks: Sequence[Mark]) -> Strip:
        """Paint what was found in a line."""
        for start, end, here in marks:
            style = FOUND_HERE if here else FOUND
            strip = self._over(strip, width_of(line.text[:start]), width_of(line.text[:end]), style)
        return strip

    def _over(self, strip: Strip, left: int, right: int, style: Style) -> Strip:
        """Lay a style over a part of a strip; what is painted there has colours of its own, so it goes on top."""
        parts = strip.divide([left, right, strip.cell_length])
        if len(parts) < 2:
            return strip
        marked = Strip(Segment.apply_style(parts[1], post_style=style), parts[1].cell_length)
        return Strip.join([parts[0], marked, *parts[2:]])

    def _paint(self, pieces: Sequence[Piece], width: int, component: str = "") -> Strip:
        style = self.visual_style if not component else self.visual_style + self.get_visual_style(component)
        line = content(pieces).truncate(width, pad=True)
        parse = self.app.stylesheet.parse_style
        segments = [
            Segment(text, (style + piece).rich_style) for text, piece in line.render(style, end="", parse_style=parse)
        ]
        return Strip(segments, width)

    def _paint_beside(self, text: Clean, width: int, component: str = "") -> Strip:
        """Paint what stands beside lines: few texts, again and again."""
        key = (text, width, component)
        if (strip := self._beside.get(key)) is None:
            strip = self._beside[key] = self._paint([(text, "")], width, component)
        return strip

    def _scroll_mark(self, y: int, height: int) -> Strip:
        """Draw the last column: where in the transcript the view stands."""
        marked = self._is_marked(y, height)
        return self._paint_beside(ours("▐") if marked else ours(" "), 1, "transcript--thumb" if marked else "")

    def _is_marked(self, y: int, height: int) -> bool:
        """Say whether the scroll mark stands on a line."""
        height = max(1, height)
        if self.total <= height:
            return False
        size = max(1, round(height * height / self.total))
        start = round((height - size) * (self._reading.standing() if self._reading is not None else 0.0))
        return start <= y < start + size

    def notify_style_update(self) -> None:
        """Forget strips painted in other colours."""
        self._strips.clear()
        self._beside.clear()
        self._rows.clear()
        super().notify_style_update()

    # --- selecting -----------------------------------------------------------------------------------

    def _selection_line(self, number: int) -> int:
        """Return the number selections know a line by: it does not change when lines come in above or drop."""
        above = self.layout_lines.above if self.layout_lines is not None else 0
        return SELECTION_ORIGIN + above + number

    def _selected(self, strip: Strip, line: TextLine, selection: Selection, number: int) -> Strip:
        """Paint the selected part of a line."""
        span = selection.get_span(self._selection_line(number))
        if span is None:
            return strip
        start, end = _copied(line, span)
        if end <= start:
            return strip
        style = self.screen.get_component_rich_style("screen--selection")
        return self._over(strip, width_of(line.text[:start]), width_of(line.text[:end]), style)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text: without bars and glyphs, folded lines in one piece."""
        parts: list[tuple[TextLine, tuple[int, int]]] = []
        for number in range(self.total):
            span = selection.get_span(self._selection_line(number))
            at = self.layout_lines.line_at(number) if self.layout_lines is not None else None
            if span is not None and at is not None:
                parts.append((at[0].lines[at[1]], span))
        return (_text_of(parts), "\n") if parts else None

    def rows_in_view(self) -> list[tuple[int, TextLine]]:
        """Return the lines in view, each with its row, counted from the top of the view."""
        found: list[tuple[int, TextLine]] = []
        for row in range(self.size.height):
            at = self.layout_lines.line_at(self.top + row) if self.layout_lines is not None else None
            if at is not None:
                found.append((row, at[0].lines[at[1]]))
        return found

    def text_in_view(self) -> str:
        """Return what is in view, folded lines in one piece."""
        return _text_of([(line, (0, -1)) for _, line in self.rows_in_view()])

    def selection_updated(self, selection: Selection | None) -> None:
        """Paint the selection."""
        self.refresh()


def _gutter_of(width: int) -> int:
    """Return the cells left of the text in a view of a width."""
    return CLOCK + 1 if width >= CLOCK_FROM else 1


def _text_of_width(width: int) -> int:
    """Return the cells of a line of text in a view of a width."""
    return width - _gutter_of(width) - 2


def _copied(line: TextLine, span: tuple[int, int]) -> tuple[int, int]:
    """Return the selected characters of a line, without decoration."""
    whole = len(line.text) - line.trailer
    return max(span[0], line.gutter), whole if span[1] == -1 else min(span[1], whole)


def _text_of(parts: Sequence[tuple[TextLine, tuple[int, int]]]) -> Clean:
    """Join lines to what is copied of them."""
    pieces: list[Clean] = []
    for line, span in parts:
        start, end = _copied(line, span)
        glue = (ours(" ") if line.blank else NOTHING) if line.joined else ours("\n")
        pieces += [glue if pieces else NOTHING, part(line.text, start, end)]
    return joined(pieces)
