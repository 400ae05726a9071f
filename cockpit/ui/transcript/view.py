"""The output pane: draws only the visible lines of a transcript, follows while the reader wants it to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from cockpit.model.ids import AgentId
from cockpit.model.receipts.receipt import Receipt
from cockpit.model.transcript.entry import EntryKind
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import Place, TranscriptWindow
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.look.cells import Piece, content, width_of
from cockpit.ui.transcript.folding import TextLine
from cockpit.ui.transcript.layout import TranscriptLayout
from cockpit.ui.transcript.viewport import PageRequest, Viewport

WHEEL_LINES = 3
"""Lines one notch of the wheel moves."""

SELECTION_ORIGIN = 1_000_000
"""Selected lines are counted from here, so that their numbers stay when older lines come in above."""


class TranscriptView(Widget, can_focus=True):
    """A transcript, line by line. It owns its scroll position: an appended line costs a repaint, never a layout."""

    ALLOW_SELECT = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {"transcript--badge", "transcript--thumb", "transcript--empty"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_by(-1)", "up", show=False),
        Binding("down,j", "scroll_by(1)", "down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False),
        Binding("pagedown,ctrl+f,space", "page(1)", "page down", show=False),
        Binding("home,g", "top", "top", show=False),
    ]
    DEFAULT_CSS = """
    TranscriptView > .transcript--badge { background: $mode-prompt; color: $background; text-style: bold; }
    TranscriptView > .transcript--thumb { color: $faint; }
    TranscriptView > .transcript--empty { color: $muted; }
    """

    following: reactive[bool] = reactive(True, repaint=False)
    """Whether the newest line is kept in view; only the reader's hand changes it."""

    @dataclass
    class FollowChanged(Message):
        """The reader left the end, or came back to it."""

        following: bool

    @dataclass
    class PageRequested(Message):
        """The reader needs other records than those that are held."""

        page_request: PageRequest
        place: Place | None
        """(epoch, line) in the midst of a window to be opened; None for the beginning."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._reading: Viewport | None = None
        self._expanded = False
        self._empty: tuple[Clean, ...] = ()
        self._strips: LRUCache[tuple[int, TextLine], Strip] = LRUCache(2048)
        """What was painted, by the width and all that the line shows: it outlives a new folding of its entry."""
        self._shown: list[tuple[object, ...]] = []
        """What each line of the viewport shows since the last flush."""
        self._behind = False
        """Something was laid out that is not painted."""

    # --- what is shown -------------------------------------------------------------------------------

    def show(self, transcript: Transcript | None) -> None:
        """Show another transcript from its end."""
        if transcript is (self._reading.live.transcript if self._reading is not None else None):
            return
        self._reading = Viewport(transcript) if transcript is not None else None
        self._strips.clear()
        self.following = True
        self._shown = []
        self.flush()
        self.refresh()

    def offer_past(self, window: TranscriptWindow | None) -> None:
        """Show which window onto the agent's past is open; the next flush goes there if the reader wished for it."""
        if self._reading is not None:
            self._reading.offer(window)

    def tell_receipts(self, receipts: Iterable[Receipt], agent: AgentId | None) -> None:
        """Take what became of the operator's texts; the next flush shows it beside the messages."""
        if self._reading is not None:
            self._reading.beside.tell(receipts, agent)

    def set_empty(self, lines: Sequence[Clean]) -> None:
        """Set what teaches the operator while there is nothing to read."""
        if tuple(lines) != self._empty:
            self._empty = tuple(lines)
            self.refresh()

    def flush(self) -> bool:
        """Take in what changed since the last flush; return whether anything did."""
        width = self.size.width - 1  # the last column is the scroll mark's
        reading = self._reading
        if reading is None or width <= 0:
            return False
        changed = reading.fit(width, self.size.height, expanded=self._expanded)
        changed = reading.update() or changed or self._behind
        self._behind = False
        self._follow_reading(reading)
        if changed:
            self._refresh_changed()
        return changed

    def keep_up(self) -> None:
        """Lay out what came while nobody sees it: all at once it would take long when somebody looks again."""
        if self._reading is not None and self._reading.live.width and self._reading.update():
            self._behind = True

    def _refresh_changed(self) -> None:
        """Have the lines painted that show something else than they do."""
        shown = [self._seen_at(y) for y in range(self.size.height)]
        if len(shown) != len(self._shown) or self.text_selection is not None:
            self.refresh()
        else:
            width = self.size.width
            if lines := [y for y, seen in enumerate(shown) if seen != self._shown[y]]:
                self.refresh(*(Region(0, y, width, 1) for y in lines))
        self._shown = shown

    def _seen_at(self, y: int) -> tuple[object, ...]:
        """Return all that decides how a line of the viewport looks."""
        number = self._top + y
        found = self._layout_lines.line_at(number) if self._layout_lines is not None else None
        text = found[0].lines[found[1]] if found is not None else None
        badge = self.pending if y == self.size.height - 1 else 0
        return text, self._selection_line(number), self._is_marked(y), badge

    def _follow_reading(self, reading: Viewport) -> None:
        """Say what changed about where the reader is, and what is wished for."""
        self.following = reading.following
        wishes, reading.wishes = dict.fromkeys(reading.wishes), []
        for page_request in wishes:
            self.post_message(
                self.PageRequested(page_request, reading.wanted.place if reading.wanted is not None else None)
            )

    def go_to_place(self, place: Place) -> None:
        """Read on at a record, wherever it is, once it is there."""
        if self._reading is not None:
            self._reading.go_to_place(place)
            self._follow_reading(self._reading)

    @property
    def pending(self) -> int:
        """How many lines came in below since the reader left the end."""
        return self._reading.pending if self._reading is not None else 0

    @property
    def expanded(self) -> bool:
        """Whether everything is shown in full."""
        return self._expanded

    def toggle_expanded(self) -> None:
        """Show what is folded away, or fold it again."""
        self._expanded = not self._expanded
        self.flush()

    # --- where the reader is -------------------------------------------------------------------------

    @property
    def _layout_lines(self) -> TranscriptLayout | None:
        return self._reading.lines if self._reading is not None and self._reading.live.width else None

    @property
    def _total(self) -> int:
        return self._layout_lines.total if self._layout_lines is not None else 0

    @property
    def _top(self) -> int:
        return self._reading.top if self._reading is not None else 0

    @property
    def reads_past(self) -> bool:
        """Whether what is shown is a window onto the agent's past."""
        return self._reading is not None and self._reading.past is not None

    def watch_following(self, following: bool) -> None:
        """Tell the screen."""
        self.post_message(self.FollowChanged(following))

    def scroll_to_line(self, top: int) -> None:
        """Move the view; leaving the end stops following, reaching it resumes."""
        if self._reading is not None:
            self._reading.move_to(top)
            self._moved(self._reading)

    def _moved(self, reading: Viewport) -> None:
        self._follow_reading(reading)
        self._refresh_changed()

    def action_scroll_by(self, lines: int) -> None:
        """Move by lines."""
        self.scroll_to_line(self._top + lines)

    def action_page(self, direction: int) -> None:
        """Move by a screenful, less one line to hold on to."""
        self.scroll_to_line(self._top + direction * max(1, self.size.height - 1))

    def action_top(self) -> None:
        """Go to the oldest line there is."""
        if self._reading is not None:
            self._reading.go_home()
            self._moved(self._reading)

    def follow(self) -> None:
        """Go to the newest line and stay there."""
        if self._reading is not None:
            self._reading.follow()
            self._moved(self._reading)

    def text_in_view(self) -> str:
        """Return what is in view, folded lines in one piece."""
        parts: list[str] = []
        for number in range(self._top, self._top + self.size.height):
            found = self._layout_lines.line_at(number) if self._layout_lines is not None else None
            if found is not None:
                line = found[0].lines[found[1]]
                parts.append(f"{'' if line.joined or not parts else chr(10)}{line.text[line.gutter :]}")
        return "".join(parts)

    def go_to_turn(self, direction: int) -> bool:
        """Go to the operator's message before or after the top of the view; return whether one is held."""
        if self._reading is None:
            return False
        found = self._reading.go_to_turn(direction)
        self._moved(self._reading)
        return found

    # --- events --------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Fold again at a new width, stay at the same place."""
        if not self.flush():
            self.refresh()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move with the wheel."""
        event.stop()
        self.action_scroll_by(-WHEEL_LINES)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move with the wheel."""
        event.stop()
        self.action_scroll_by(WHEEL_LINES)

    def notify_style_update(self) -> None:
        """Forget strips painted in other colours."""
        self._strips.clear()
        super().notify_style_update()

    # --- painting ------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw one line of the viewport."""
        width = self.size.width
        number = self._top + y
        found = self._layout_lines.line_at(number) if self._layout_lines is not None else None
        if found is None:
            if not self._total and y < len(self._empty):
                return self._paint([(our_line(" {}", self._empty[y]), "")], width, "transcript--empty")
            return Strip.blank(width, self.visual_style.rich_style)
        laid, line = found
        selection = self.text_selection
        text = laid.lines[line]
        strip = self._strips.get((width, text)) if selection is None else None
        if strip is None:
            strip = self._paint(text.pieces, width - 1)
            if selection is not None:
                strip = self._selected(strip, text, selection, number)
            else:
                self._strips[width, text] = strip
        strip = strip.apply_offsets(0, self._selection_line(number))
        strip = Strip.join([strip, self._mark(y)])
        return self._with_badge(strip) if y == self.size.height - 1 and self.pending else strip

    def _with_badge(self, strip: Strip) -> Strip:
        """Lay the count of unread lines over the end of the last line."""
        text = our_line(" ↓ {} new · end ", self.pending)
        left = max(0, self.size.width - 1 - width_of(text))
        badge = self._paint([(text, "")], width_of(text), "transcript--badge")
        return Strip.join([strip.crop(0, left), badge, strip.crop(left + width_of(text), self.size.width)])

    def _paint(self, pieces: Sequence[Piece], width: int, component: str = "") -> Strip:
        style = self.visual_style if not component else self.visual_style + self.get_visual_style(component)
        line = content(pieces).truncate(width, pad=True)
        parse = self.app.stylesheet.parse_style
        segments = [
            Segment(text, (style + piece).rich_style) for text, piece in line.render(style, end="", parse_style=parse)
        ]
        return Strip(segments, width)

    def _mark(self, y: int) -> Strip:
        """Draw the last column: where in the transcript the view stands."""
        marked = self._is_marked(y)
        if marked is None:
            return Strip.blank(1, self.visual_style.rich_style)
        return self._paint([(ours("▐") if marked else ours(" "), "")], 1, "transcript--thumb" if marked else "")

    def _is_marked(self, y: int) -> bool | None:
        """Say whether the scroll mark stands on a line; None where nothing can be scrolled."""
        height = max(1, self.size.height)
        if self._total <= height:
            return None
        size = max(1, round(height * height / self._total))
        start = round((height - size) * (self._reading.standing() if self._reading is not None else 0.0))
        return start <= y < start + size

    # --- selecting -----------------------------------------------------------------------------------

    def _selection_line(self, number: int) -> int:
        """Return the number selections know a line by: it does not change when lines come in above or drop."""
        above = self._layout_lines.above if self._layout_lines is not None else 0
        return SELECTION_ORIGIN + above + number

    def _selected(self, strip: Strip, line: TextLine, selection: Selection, number: int) -> Strip:
        """Paint the selected part of a line."""
        span = selection.get_span(self._selection_line(number))
        if span is None:
            return strip
        text = line.text
        start = max(span[0], line.gutter)
        whole = len(text) - line.trailer
        end = whole if span[1] == -1 else min(span[1], whole)
        if end <= start:
            return strip
        left, right = width_of(text[:start]), width_of(text[:end])
        style = self.screen.get_component_rich_style("screen--selection")
        parts = strip.divide([left, right, strip.cell_length])
        return Strip.join([parts[0], parts[1].apply_style(style), *parts[2:]]) if len(parts) > 1 else strip

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text: without bars and glyphs, folded lines in one piece."""
        parts: list[str] = []
        for number in range(self._total):
            span = selection.get_span(self._selection_line(number))
            found = self._layout_lines.line_at(number) if self._layout_lines is not None else None
            if span is None or found is None:
                continue
            laid, at = found
            line = laid.lines[at]
            whole = len(line.text) - line.trailer
            text = line.text[max(span[0], line.gutter) : whole if span[1] == -1 else min(span[1], whole)]
            glue = " " if line.joined and laid.kind is not EntryKind.TOOL else "" if line.joined else "\n"
            parts.append(f"{glue}{text}" if parts else text)
        return ("".join(parts), "\n") if parts else None

    def selection_updated(self, selection: Selection | None) -> None:
        """Paint the selection."""
        self.refresh()
