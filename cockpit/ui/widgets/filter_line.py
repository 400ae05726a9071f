"""The line at the foot where a filter is typed; the list narrows with every letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.look.cells import content, cut
from cockpit.ui.widgets.data_fields import NarrowingInput
from cockpit.ui.widgets.plain import Plain

HINT = ours('words · state:asking · -kind:worker · "two words"')


class FilterLine(Horizontal):
    """One input for the filters of all panes; it appears with `/` and goes with enter or escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "clear", show=False, priority=True),
        Binding("enter,down", "keep", "keep", show=False, priority=True),
    ]

    @dataclass
    class Changed(Message):
        """The text changed."""

        pane: str
        needle: str

    @dataclass
    class Closed(Message):
        """The line is done; the pane gets the keys back."""

        pane: str

    def __init__(self, *, id: str, hint: Clean = HINT) -> None:
        super().__init__(id=id)
        self._pane = ""
        self._hint = hint

    def compose(self) -> ComposeResult:
        yield Plain(ours(" / "), classes="filter-mark")
        yield NarrowingInput(placeholder=self._hint)
        yield Plain(NOTHING, classes="filter-note")

    @property
    def is_open(self) -> bool:
        """Whether it has the keys."""
        return self.has_class("-open")

    @property
    def list_name(self) -> str:
        """Whose filter is typed, or was last."""
        return self._pane

    def tell(self, hits: int, faults: Sequence[str]) -> None:
        """Say how many are left, or what in the filter means nothing."""
        if self.is_open:
            fault = our_line(" {} ", faults[0]) if faults else NOTHING
            found = our_line(" {} {} ", hits, "hit" if hits == 1 else "hits")
            width = max(0, self.size.width // 2)
            note = content([(cut(fault, width), "$agent-failed"), (found, "$muted" if hits else "$agent-failed")])
            self.query_one(".filter-note", Plain).show(note, layout=True)

    def open(self, pane: str, needle: str) -> None:
        """Ask for a pane's filter."""
        self._pane = pane
        self.add_class("-open")
        field = self.query_one(Input)
        field.value = needle
        field.focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.has_class("-open"):
            self.post_message(self.Changed(self._pane, event.value))

    def _close(self) -> None:
        self.remove_class("-open")
        self.post_message(self.Closed(self._pane))

    def action_keep(self) -> None:
        """Keep the filter and go back to the list."""
        self._close()

    def action_clear(self) -> None:
        """Drop the filter and go back to the list."""
        self.post_message(self.Changed(self._pane, ""))
        self._close()
