"""The help is the manual: what counts where one is stands first, and typing narrows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input

from cockpit.text.clean import ours
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.widgets.data_fields import NarrowingInput
from cockpit.ui.widgets.plain import Plain


class HelpDialog(Dialog[None]):
    """All keys and acts, narrowed by words."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("type", "search"), ("↑↓ pgup pgdn", "scroll"), ("esc", "close"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "scroll(1)", "down", show=False, priority=True),
        Binding("up", "scroll(-1)", "up", show=False, priority=True),
        Binding("pagedown", "scroll(15)", "down", show=False, priority=True),
        Binding("pageup", "scroll(-15)", "up", show=False, priority=True),
        Binding("enter", "back_out", "close", show=False, priority=True),
    ]

    def __init__(self, text: Callable[[str], Content]) -> None:
        """Show the help.

        Args:
            text: returns what of it fits some words.
        """
        super().__init__(ours("Keys"), classes="help")
        self._text = text

    def compose_body(self) -> ComposeResult:
        """Yield the field and the text."""
        yield NarrowingInput(placeholder=ours("type to search"), id="needle", others=frozenset())
        with VerticalScroll(id="scroll"):
            yield Plain(self._text(""), id="text")

    def on_mount(self) -> None:
        self.query_one("#scroll").can_focus = False
        self.query_one("#needle").focus()

    @on(Input.Changed)
    def narrow(self) -> None:
        """Show what fits."""
        self._show()
        self.query_one("#scroll").scroll_home(animate=False)

    def on_resize(self) -> None:
        """Break the lines anew, and stay where one reads."""
        self._show()

    def _show(self) -> None:
        self.query_one("#text", Plain).show(self._text(self.query_one("#needle", Input).value), layout=True)

    def action_scroll(self, lines: int) -> None:
        """Scroll while the field keeps the keys."""
        self.query_one("#scroll").scroll_relative(y=lines, animate=False)
