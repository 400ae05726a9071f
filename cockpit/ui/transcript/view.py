"""The output pane: follows a transcript while the reader wants it to, and takes keys and the mouse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar
from weakref import WeakKeyDictionary

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive

from cockpit.model.ids import AgentId
from cockpit.model.receipts.receipt import Receipt
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import Place, TranscriptWindow
from cockpit.text.clean import Clean
from cockpit.ui.transcript.blocks import BlockReader
from cockpit.ui.transcript.manner import ReadingManner
from cockpit.ui.transcript.passage import PageRequest
from cockpit.ui.transcript.viewport import Viewport

WHEEL_LINES = 3
"""Lines one notch of the wheel moves."""


class TranscriptView(BlockReader, can_focus=True):
    """A transcript, line by line. It owns its scroll position: an appended line costs a repaint, never a layout."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_by(-1)", "up", show=False),
        Binding("down,j", "scroll_by(1)", "down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False),
        Binding("pagedown,ctrl+f,space", "page(1)", "page down", show=False),
        Binding("home", "top", "top", show=False),
    ]

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
        self._expanded = False
        self._raw = False
        self._manners: WeakKeyDictionary[Transcript, ReadingManner] = WeakKeyDictionary()
        """What was folded and opened one by one, in each transcript that was shown."""
        self._shown: list[tuple[object, ...]] = []
        """What each line of the viewport shows since the last flush."""
        self._behind = False
        """Something was laid out that is not painted."""
        self._dragged = False
        """The scroll mark is in the reader's hand."""

    # --- what is shown -------------------------------------------------------------------------------

    def show(self, transcript: Transcript | None) -> None:
        """Show another transcript from its end."""
        if transcript is (self._reading.live.transcript if self._reading is not None else None):
            return
        self.end_search()
        self._reading = Viewport(transcript, self._manner(transcript)) if transcript is not None else None
        self.following = True
        self._shown = []
        self.flush()
        self.refresh()

    def _manner(self, transcript: Transcript) -> ReadingManner:
        manner = self._manners.setdefault(transcript, ReadingManner())
        if manner.expanded != self._expanded:
            manner.expand(self._expanded)
        manner.raw = self._raw
        return manner

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
        if tuple(lines) != self.empty:
            self.empty = tuple(lines)
            self.refresh()

    def flush(self) -> bool:
        """Take in what changed since the last flush; return whether anything did."""
        width, reading = self.text_width, self._reading
        if reading is None or width <= 0:
            return False
        changed = reading.fit(width, self.size.height)
        changed = reading.update() or changed or self._behind
        self._behind = False
        changed = self.follow_search() or changed
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
        width, height = self.size
        shown = [self.seen_at(y, height) for y in range(height)]
        if len(shown) != len(self._shown) or self.text_selection is not None:
            self.refresh()
        else:
            if lines := [y for y, seen in enumerate(shown) if seen != self._shown[y]]:
                self.refresh(*(Region(0, y, width, 1) for y in lines))
        self._shown = shown

    def _follow_reading(self, reading: Viewport) -> None:
        """Say what changed about where the reader is, and what is wished for."""
        self.following = reading.following
        wishes, reading.wishes = dict.fromkeys(reading.wishes), []
        for page_request in wishes:
            self.post_message(
                self.PageRequested(page_request, reading.wanted.place if reading.wanted is not None else None)
            )

    @property
    def expanded(self) -> bool:
        """Whether everything is shown in full."""
        return self._expanded

    def toggle_expanded(self) -> None:
        """Show what is folded away, or fold it again."""
        self._expanded = not self._expanded
        if self._reading is not None:
            self._reading.manner.expand(self._expanded)
        self.flush()

    @property
    def raw(self) -> bool:
        """Whether texts are shown as they were written."""
        return self._raw

    def toggle_raw(self) -> None:
        """Show texts as they were written, or as they are meant."""
        self._raw = not self._raw
        if self._reading is not None:
            self._reading.manner.raw = self._raw
        self.flush()

    # --- where the reader is -------------------------------------------------------------------------

    @property
    def reads_past(self) -> bool:
        """Whether what is shown is a window onto the agent's past."""
        return self._reading is not None and self._reading.past is not None

    @property
    def transcript(self) -> Transcript | None:
        """What is read: the agent's transcript, or the window onto its past."""
        return self._reading.lines.transcript if self._reading is not None else None

    def watch_following(self, following: bool) -> None:
        """Tell the screen."""
        self.post_message(self.FollowChanged(following))

    def scroll_to_line(self, top: int) -> None:
        """Move the view; leaving the end stops following, reaching it resumes."""
        if self._reading is not None:
            self._reading.move_to(top)
            self.moved(self._reading)

    def moved(self, reading: Viewport) -> None:
        """Show where the reader went."""
        self._follow_reading(reading)
        self._refresh_changed()

    def go_to_place(self, place: Place) -> None:
        """Read on at a record, wherever it is, once it is there."""
        if self._reading is not None:
            self._reading.go_to_place(place)
            self._follow_reading(self._reading)

    def action_scroll_by(self, lines: int) -> None:
        """Move by lines."""
        self.scroll_to_line(self.top + lines)

    def action_page(self, direction: int) -> None:
        """Move by a screenful, less one line to hold on to."""
        self.scroll_to_line(self.top + direction * max(1, self.size.height - 1))

    def action_top(self) -> None:
        """Go to the oldest line there is."""
        if self._reading is not None:
            self._reading.go_home()
            self.moved(self._reading)

    def follow(self) -> None:
        """Go to the newest line and stay there."""
        if self._reading is not None:
            self._reading.follow()
            self.moved(self._reading)

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

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take the scroll mark."""
        # The frame around it is part of the widget, and not of what is drawn.
        at = event.get_content_offset(self)
        if at is None or event.button != 1 or self.total <= self.size.height:
            return
        if at.x == self.size.width - 1:
            event.stop()
            self.screen.clear_selection()
            self.capture_mouse()
            self._dragged = True
            self._drag_to(at.y)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Pull the scroll mark."""
        if self._dragged:
            event.stop()
            self._drag_to(event.y - self.gutter.top)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let the scroll mark go."""
        if self._dragged:
            event.stop()
            self._dragged = False
            self.release_mouse()

    def _drag_to(self, y: int) -> None:
        if self._reading is not None:
            self._reading.stand_at(min(1.0, max(0.0, y / max(1, self.size.height - 1))))
            self.moved(self._reading)
