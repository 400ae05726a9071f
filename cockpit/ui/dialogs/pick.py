"""Picking one of many by typing, e.g. where to go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from cockpit.text.clean import Clean, ours
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.look.rows.panes import matches
from cockpit.ui.widgets.data_fields import NarrowingInput
from cockpit.ui.widgets.row_list import Row, RowList


class PickDialog(Dialog[str]):
    """A list that narrows while typing; dismisses with the key of the chosen row."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("type", "narrow"),
        ("↑↓", "choose"),
        ("⏎", "go"),
        ("esc", "close"),
    )
    LETTERS: ClassVar[frozenset[str]] = frozenset()
    """Letters that are keys here, and narrow nothing."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "down", show=False, priority=True),
        Binding("up", "move(-1)", "up", show=False, priority=True),
        Binding("enter", "accept", "go", show=False, priority=True),
    ]

    def __init__(self, title: Clean, rows: Callable[[int], Sequence[tuple[Row, str]]], empty: Clean) -> None:
        super().__init__(title, classes="pick")
        self._rows = rows
        self._empty = empty

    def compose_body(self) -> ComposeResult:
        """Yield the field and the list."""
        yield NarrowingInput(placeholder=ours("type to narrow"), id="needle", others=self.LETTERS)
        yield RowList(nothing=(self._empty,), id="rows")

    def on_mount(self) -> None:
        self.query_one("#rows").can_focus = False
        self.call_after_refresh(self.narrow)

    @on(Input.Changed)
    def narrow(self) -> None:
        """Show the rows that fit what was typed."""
        rows = self.query_one("#rows", RowList)
        needle = self.query_one("#needle", Input).value
        width = max(20, rows.size.width - 1)
        rows.set_rows([row for row, words in self._rows(width) if matches(needle, words)])

    @on(RowList.Chosen)
    @on(RowList.Highlighted)
    def _pointed(self, message: RowList.Chosen | RowList.Highlighted) -> None:
        message.stop()
        if isinstance(message, RowList.Chosen):
            self.action_accept()

    def action_move(self, step: int) -> None:
        """Move the cursor while the field keeps the keys."""
        self.query_one("#rows", RowList).action_move(step)

    def action_accept(self) -> None:
        """Go to the row under the cursor."""
        key = self.query_one("#rows", RowList).cursor_key
        if key:
            self.dismiss(key)
