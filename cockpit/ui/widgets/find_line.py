"""The line under a transcript in which words are typed that are looked for in it, with their number beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from cockpit.text.clean import ours
from cockpit.ui.look.cells import Piece, content
from cockpit.ui.widgets.data_fields import DataInput
from cockpit.ui.widgets.plain import Plain


class FindLine(Horizontal):
    """One field; enter goes to the places, escape ends the search."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False, priority=True),
        Binding("enter,down,up", "search", "search", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    FindLine { height: 1; background: $panel; }
    FindLine .find-mark { width: 3; color: $accent; text-style: bold; }
    FindLine Input { width: 1fr; min-width: 12; background: $panel; }
    FindLine .find-count { width: auto; max-width: 70%; padding: 0 1; }
    """

    def __init__(
        self,
        typed: Callable[[str], None],
        searched: Callable[[str], None],
        left: Callable[[], None],
        words: str | None = None,
    ) -> None:
        """Prepare.

        Args:
            typed: gets the words with each letter.
            searched: gets them once they are complete.
            left: called when nothing is looked for any more.
            words: what is looked for already; with them the line does not ask for the keys.
        """
        super().__init__()
        self._words = words
        self._typed, self._searched, self._left = typed, searched, left

    def compose(self) -> ComposeResult:
        yield Plain(ours(" / "), classes="find-mark")
        yield DataInput(
            self._words or "", placeholder=ours("find in this transcript · ⏎ · n newer · N older · esc ends")
        )
        yield Plain(classes="find-count")

    def on_mount(self) -> None:
        if self._words is None:
            self.write()

    def write(self) -> None:
        """Give the field the keys."""
        self.query_one(Input).focus()

    def tell(self, pieces: Sequence[Piece]) -> None:
        """Show how many places there are."""
        if self.is_mounted:
            self.query_one(".find-count", Plain).show(content(pieces), layout=True)

    def close(self) -> None:
        """Go away."""
        self.remove()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._typed(event.value)

    def action_search(self) -> None:
        """Go to the places."""
        self._searched(self.query_one(Input).value)

    def action_leave(self) -> None:
        """Look for nothing any more."""
        self._left()
