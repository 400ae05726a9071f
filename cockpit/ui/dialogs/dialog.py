"""What all dialogs share: a frame with a title, and a line of keys in the footer's place; escape always backs out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from cockpit.text.clean import Clean
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.drawn_at_once import DrawnAtOnce
from cockpit.ui.look.cells import Piece, content, pieces_width
from cockpit.ui.widgets.frame import set_title
from cockpit.ui.widgets.plain import Plain

Result = TypeVar("Result")

WAY_OUT = "esc"
"""The key that leads out of a dialog."""

SHORT = 34
"""Lines of the screen below which a dialog has no blank lines of its own."""


class Dialog(DrawnAtOnce[Result], ModalScreen[Result]):
    """A framed box over the home screen. Subclasses compose into it with `compose_body`."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back_out", "back", show=False, priority=True)]
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("esc", "close"),)

    def __init__(self, title: Clean, *, classes: str = "") -> None:
        super().__init__(classes=classes)
        self._frame_title = title

    def compose(self) -> ComposeResult:
        frame = Vertical(id="frame")
        set_title(frame, content([(self._frame_title, "bold")]))
        with frame:
            yield from self.compose_body()
        # In the place of the footer below, whose keys do not act while this one has them.
        yield KeyLine(self.KEYS, id="dialog-foot")

    @on(events.Resize)
    def _fit_in(self, event: events.Resize) -> None:
        self.set_class(event.size.height < SHORT, "-short")

    def compose_body(self) -> ComposeResult:
        """Yield what is between title and keys."""
        yield from ()

    def retitle(self, title: Clean) -> None:
        """Give the frame another title."""
        set_title(self.query_one("#frame"), content([(title, "bold")]))

    def show_keys(self, *keys: tuple[str, str]) -> None:
        """Replace the line of keys."""
        for line in self.query(KeyLine):
            line.show_keys(keys)

    def action_back_out(self) -> None:
        """Close without a result."""
        self.dismiss(None)


def key_line(keys: Sequence[tuple[str, str]], width: int = 0) -> Content:
    """Return a line of keys with what they do.

    Args:
        keys: those that matter most first.
        width: cells; what does not fit whole is left out, but for the key that leads out. 0 leaves out nothing.
    """
    entries: list[tuple[str, list[Piece]]] = [
        (key, [(clean_line(key), "bold $accent"), (our_line(" {}   ", label), "$muted")]) for key, label in keys
    ]
    left = width + 3  # the blanks behind the last one need no room
    left -= sum(pieces_width(entry) for key, entry in entries if key == WAY_OUT)
    pieces: list[Piece] = []
    for key, entry in entries:
        if key != WAY_OUT:
            left -= pieces_width(entry)
            if width > 0 and left < 0:
                continue
        pieces += entry
    return content(pieces)


class KeyLine(Plain):
    """A line of keys, as many as there is room for."""

    def __init__(self, keys: Sequence[tuple[str, str]], *, id: str) -> None:
        super().__init__(key_line(keys), id=id)
        self._keys = keys

    def show_keys(self, keys: Sequence[tuple[str, str]]) -> None:
        """Show other keys."""
        self._keys = keys
        self.show(key_line(keys, self.size.width))

    def on_resize(self) -> None:
        """Show those that fit now."""
        self.show_keys(self._keys)


class TextDialog(Dialog[None]):
    """A text to read, with a scroll bar when it is long."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("↑↓", "scroll"), ("esc", "close"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,enter", "back_out", "close", show=False)]

    def __init__(self, title: Clean, text: Content, *, classes: str = "") -> None:
        super().__init__(title, classes=classes)
        self._text = text

    def compose_body(self) -> ComposeResult:
        """Yield the text."""
        with VerticalScroll(id="scroll"):
            yield Plain(self._text, id="text")

    def on_mount(self) -> None:
        self.query_one("#scroll").focus()
