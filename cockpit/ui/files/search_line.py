"""The line in which it is said what is searched for: a part of a name, or a content."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from cockpit.text.sanitize import our_line
from cockpit.ui.widgets.data_fields import NarrowingInput
from cockpit.ui.widgets.plain import Plain


class SearchLine(Horizontal):
    """It appears when it is asked for, and goes when something was entered."""

    @dataclass
    class Asked(Message):
        """Something is searched for."""

        needle: str
        by_content: bool

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._by_content = False

    def compose(self) -> ComposeResult:
        yield Plain(id="what")
        yield NarrowingInput(id="needle")

    @property
    def is_open(self) -> bool:
        """Whether it is asked."""
        return self.has_class("-open")

    def open(self, base: str, *, by_content: bool) -> None:
        """Ask what is searched for below a directory."""
        self._by_content = by_content
        words = our_line(" {} below {}: ", "lines that hold" if by_content else "names with", base)
        self.query_one("#what", Plain).show(words, layout=True)
        field = self.query_one("#needle", Input)
        field.value = ""
        self.add_class("-open")
        field.focus()

    def close(self) -> None:
        """Go away."""
        self.remove_class("-open")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Asked(event.value, self._by_content))
