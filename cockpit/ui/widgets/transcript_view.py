"""The output pane: draws only the visible lines of a transcript, follows while the reader wants it to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.message import Message
from textual.reactive import reactive
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from cockpit.model.transcript import Entry, EntryKind, Transcript
from cockpit.ui.cells import Piece, content, width_of
from cockpit.ui.transcript_lines import BLANK, AnswerFolder, TextLine, entry_lines

FIRST_LINES = 600
"""Lines laid out when an agent is opened; older entries are laid out when the reader comes near them."""

MORE_LINES = 400
"""Lines laid out at once above what is there: some milliseconds."""

WHEEL_LINES = 3
"""Lines one notch of the wheel moves."""

SELECTION_ORIGIN = 1_000_000
"""Selected lines are counted from here, so that their numbers stay when older lines come in above."""


@dataclass(slots=True)
class LaidEntry:
    """One entry folded at the present width."""

    key: int
    revision: int
    kind: EntryKind
    previous: EntryKind | None
    lines: Sequence[TextLine]
    folder: AnswerFolder | None = field(default=None)


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

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._transcript: Transcript | None = None
        self._revision = -1
        self._laid: list[LaidEntry] = []
        self._starts: list[int] = []
        self._total = 0
        self._top = 0
        self._above = 0
        self._seen_lines = 0
        self._all_expanded = False
        self._width = 0
        self._empty: tuple[str, ...] = ()
        self._strips: LRUCache[tuple[int, int, int], Strip] = LRUCache(2048)

    # --- what is shown -------------------------------------------------------------------------------

    def show(self, transcript: Transcript | None) -> None:
        """Show another transcript from its end."""
        if transcript is self._transcript:
            return
        self._transcript = transcript
        self._forget()
        self.following = True
        self.flush()

    def set_empty(self, lines: Sequence[str]) -> None:
        """Set what teaches the operator while there is nothing to read."""
        if tuple(lines) != self._empty:
            self._empty = tuple(lines)
            self.refresh()

    def flush(self) -> bool:
        """Take in what changed since the last flush; return whether anything did."""
        transcript, width = self._transcript, self._text_width
        if width <= 0 or (
            transcript is not None and transcript.revision == self._revision and width == self._width
        ):
            return False
        anchor = self._anchor()
        if width != self._width:
            self._forget()
            self._width = width
        if transcript is None:
            self.refresh()
            return True
        self._revision = transcript.revision
        self._lay_out(transcript)
        self._settle(anchor)
        self.refresh()
        return True

    @property
    def pending(self) -> int:
        """How many lines came in below since the reader left the end."""
        return 0 if self.following else max(0, self._total + self._above - self._seen_lines)

    @property
    def _text_width(self) -> int:
        """Cells for text; the last column is the scroll mark's."""
        return self.size.width - 1

    def _forget(self) -> None:
        self._laid, self._starts, self._total, self._top, self._above, self._revision = [], [], 0, 0, 0, -1
        self._strips.clear()

    def _lay_out(self, transcript: Transcript) -> None:
        """Fold what is new or changed, drop what is gone."""
        gone = 0
        while self._laid and gone < len(self._laid) and self._laid[gone].key < transcript.first_key:
            gone += 1
        if gone:
            self._above += sum(len(laid.lines) for laid in self._laid[:gone])
            del self._laid[:gone]
        if not self._laid:
            self._lay_out_back(transcript, transcript.next_key, FIRST_LINES)
            return
        changed = 0 if gone else len(self._laid)
        for index, entry in enumerate(transcript.entries(self._laid[0].key)):
            previous = self._laid[index - 1].kind if index else self._kind_before(transcript, entry)
            if index >= len(self._laid):
                self._laid.append(self._fold(entry, previous, None))
                changed = min(changed, index)
                continue
            laid = self._laid[index]
            if laid.revision != entry.revision or laid.previous is not previous:
                self._laid[index] = self._fold(entry, previous, laid)
                changed = min(changed, index)
        self._measure(changed)

    def _kind_before(self, transcript: Transcript, entry: Entry) -> EntryKind | None:
        before = transcript.entry(entry.key - 1)
        return before.kind if before is not None else None

    def _lay_out_back(self, transcript: Transcript, before_key: int, lines: int) -> int:
        """Fold entries before a key until there are enough lines; return how many lines came in."""
        added: list[LaidEntry] = []
        got = 0
        key = before_key - 1
        while got < lines and (entry := transcript.entry(key)) is not None:
            laid = self._fold(entry, self._kind_before(transcript, entry), None)
            added.append(laid)
            got += len(laid.lines)
            key -= 1
        self._laid[:0] = reversed(added)
        self._measure(0)
        return got

    def _fold(self, entry: Entry, previous: EntryKind | None, known: LaidEntry | None) -> LaidEntry:
        """Fold one entry; an answer that streams is folded only where it grew."""
        expanded = self._all_expanded
        if entry.kind is EntryKind.ANSWER:
            folder = (
                known.folder if known is not None and known.folder is not None else AnswerFolder(self._width)
            )
            lines = folder.fold(entry.text)
            if previous is not None:
                lines = [BLANK, *lines]
            return LaidEntry(entry.key, entry.revision, entry.kind, previous, lines, folder)
        lines = entry_lines(entry, self._width, expanded=expanded, previous=previous)
        return LaidEntry(entry.key, entry.revision, entry.kind, previous, lines)

    def _measure(self, start: int) -> None:
        """Count where each entry begins, from one on."""
        del self._starts[start:]
        position = self._starts[-1] + len(self._laid[start - 1].lines) if start else 0
        for laid in self._laid[start:]:
            self._starts.append(position)
            position += len(laid.lines)
        self._total = position

    # --- where the reader is -------------------------------------------------------------------------

    def _anchor(self) -> tuple[int, int] | None:
        """Return the key of the entry at the top of the view and the line within it."""
        if not self._laid:
            return None
        index = max(0, bisect_right(self._starts, self._top) - 1)
        return self._laid[index].key, self._top - self._starts[index]

    def _settle(self, anchor: tuple[int, int] | None) -> None:
        """Go to the end when following, else back to the same line of the same entry."""
        if self.following or anchor is None:
            self._top = self._bottom
            return
        key, line = anchor
        index = key - self._laid[0].key if self._laid else -1
        if 0 <= index < len(self._laid):
            self._top = self._starts[index] + min(line, max(0, len(self._laid[index].lines) - 1))
        else:
            self._top = 0
        self._top = max(0, min(self._top, self._bottom))

    @property
    def _bottom(self) -> int:
        """The top line of the view when the newest line is at its foot."""
        return max(0, self._total - self.size.height)

    def watch_following(self, following: bool) -> None:
        """Remember where the reader left the end, tell the screen."""
        self._seen_lines = self._total + self._above
        self.post_message(self.FollowChanged(following))

    def scroll_to_line(self, top: int) -> None:
        """Move the view; leaving the end stops following, reaching it resumes."""
        if top < self.size.height and self._laid and self._transcript is not None:
            added = self._lay_out_back(self._transcript, self._laid[0].key, MORE_LINES)
            top += added
            self._above -= added
        self._top = max(0, min(top, self._bottom))
        self.following = self._top >= self._bottom
        self.refresh()

    def action_scroll_by(self, lines: int) -> None:
        """Move by lines."""
        self.scroll_to_line(self._top + lines)

    def action_page(self, direction: int) -> None:
        """Move by a screenful, less one line to hold on to."""
        self.scroll_to_line(self._top + direction * max(1, self.size.height - 1))

    def action_top(self) -> None:
        """Go to the oldest entry that is held."""
        if self._transcript is not None and self._laid:
            self._above -= self._lay_out_back(self._transcript, self._laid[0].key, 10**9)
        self.scroll_to_line(0)

    def follow(self) -> None:
        """Go to the newest line and stay there."""
        self._top = self._bottom
        self.following = True
        self.refresh()

    def go_to_turn(self, direction: int) -> bool:
        """Go to the operator's message before or after the top of the view; return whether there is one."""
        own = (EntryKind.USER, EntryKind.STEER, EntryKind.FOLLOW_UP)
        starts = [start for start, laid in zip(self._starts, self._laid, strict=True) if laid.kind in own]
        if direction < 0:
            starts = [start for start in starts if start < self._top]
        else:
            starts = [start for start in starts if start > self._top and start <= self._bottom]
        if not starts:
            return False
        self.scroll_to_line(starts[-1] if direction < 0 else starts[0])
        return True

    def toggle_expanded(self) -> None:
        """Show what is folded away, or fold it again."""
        anchor = self._anchor()
        self._all_expanded = not self._all_expanded
        keep = self._above
        self._forget()
        self._above = keep
        if self._transcript is not None:
            self._revision = self._transcript.revision
            self._lay_out(self._transcript)
        self._settle(anchor)
        self.refresh()

    @property
    def expanded(self) -> bool:
        """Whether everything is shown in full."""
        return self._all_expanded

    # --- events --------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Fold again at a new width, stay at the same place."""
        if not self.flush():
            self._settle(self._anchor())
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

    def _line_at(self, number: int) -> tuple[LaidEntry, int] | None:
        """Return the entry and the line within it at a laid-out line number."""
        if not 0 <= number < self._total:
            return None
        index = bisect_right(self._starts, number) - 1
        return self._laid[index], number - self._starts[index]

    def render_line(self, y: int) -> Strip:
        """Draw one line of the viewport."""
        width = self.size.width
        number = self._top + y
        found = self._line_at(number)
        if found is None:
            if not self._total and y < len(self._empty):
                return self._paint([(f" {self._empty[y]}", "")], width, "transcript--empty")
            return Strip.blank(width, self.visual_style.rich_style)
        laid, line = found
        selection = self.text_selection
        key = (laid.key, laid.revision, line)
        strip = self._strips.get(key) if selection is None else None
        if strip is None:
            text = laid.lines[line]
            strip = self._paint(text.pieces, width - 1)
            if selection is not None:
                strip = self._selected(strip, text, selection, number)
            else:
                self._strips[key] = strip
        strip = strip.apply_offsets(0, self._selection_line(number))
        strip = Strip.join([strip, self._mark(y)])
        return self._with_badge(strip) if y == self.size.height - 1 and self.pending else strip

    def _with_badge(self, strip: Strip) -> Strip:
        """Lay the count of unread lines over the end of the last line."""
        text = f" ↓ {self.pending} new · end "
        left = max(0, self.size.width - 1 - width_of(text))
        badge = self._paint([(text, "")], width_of(text), "transcript--badge")
        return Strip.join([strip.crop(0, left), badge, strip.crop(left + width_of(text), self.size.width)])

    def _paint(self, pieces: Sequence[Piece], width: int, component: str = "") -> Strip:
        style = self.visual_style if not component else self.visual_style + self.get_visual_style(component)
        line = content(pieces).truncate(width, pad=True)
        parse = self.app.stylesheet.parse_style
        segments = [
            Segment(text, (style + piece).rich_style)
            for text, piece in line.render(style, end="", parse_style=parse)
        ]
        return Strip(segments, width)

    def _mark(self, y: int) -> Strip:
        """Draw the last column: where in the transcript the view stands."""
        height = max(1, self.size.height)
        if self._total <= height:
            return Strip.blank(1, self.visual_style.rich_style)
        size = max(1, round(height * height / self._total))
        start = round((height - size) * self._top / max(1, self._bottom))
        inside = start <= y < start + size
        return self._paint([("▐" if inside else " ", "")], 1, "transcript--thumb" if inside else "")

    # --- selecting -----------------------------------------------------------------------------------

    def _selection_line(self, number: int) -> int:
        """Return the number selections know a line by: it does not change when lines come in above or drop."""
        return SELECTION_ORIGIN + self._above + number

    def _selected(self, strip: Strip, line: TextLine, selection: Selection, number: int) -> Strip:
        """Paint the selected part of a line."""
        span = selection.get_span(self._selection_line(number))
        if span is None:
            return strip
        text = line.text
        start = max(span[0], line.gutter)
        end = len(text) if span[1] == -1 else min(span[1], len(text))
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
            found = self._line_at(number)
            if span is None or found is None:
                continue
            laid, at = found
            line = laid.lines[at]
            end = None if span[1] == -1 else span[1]
            text = line.text[max(span[0], line.gutter) : end]
            glue = " " if line.joined and laid.kind is not EntryKind.TOOL else "" if line.joined else "\n"
            parts.append(f"{glue}{text}" if parts else text)
        return ("".join(parts), "\n") if parts else None

    def selection_updated(self, selection: Selection | None) -> None:
        """Paint the selection."""
        self.refresh()
