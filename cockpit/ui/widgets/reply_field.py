"""A text area that is sent by enter, for dialogs: it gives the text to the dialog, and keeps it until that lets go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from cockpit.model.notebook.pitfalls import pitfall
from cockpit.text.clean import NOTHING, Clean
from cockpit.ui.widgets.data_fields import DataTextArea
from cockpit.ui.widgets.lull import Lull


class ReplyField(DataTextArea):
    """Several lines; enter sends, `^j` begins a new one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+j,alt+enter", "newline", "newline", show=False, priority=True),
    ]

    @dataclass
    class Sent(Message):
        """Enter was pressed on a text that is not empty."""

        text: str

    class Advised(Message):
        """What is to be said of the text has changed."""

    def __init__(self, *, placeholder: Clean = NOTHING, id: str | None = None) -> None:
        super().__init__(placeholder=placeholder, tab_behavior="focus", id=id)
        self.advice = ""
        """What to beware of in the text; it is sent all the same."""
        self._lull = Lull(self, self._read_through)

    @on(TextArea.Changed)
    def _written(self) -> None:
        self._lull.changed()

    def _read_through(self) -> None:
        before, self.advice = self.advice, pitfall(self.text)
        if self.advice != before:
            self.post_message(self.Advised())

    async def _on_key(self, event: events.Key) -> None:
        """Send on enter."""
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            if self.text.strip():
                self.post_message(self.Sent(self.text))

    def written_by(self, event: events.Key) -> str:
        """Return what a key writes here: one begins a line."""
        return "\n" if event.key == "ctrl+j" else super().written_by(event)

    def action_newline(self) -> None:
        """Begin a new line, in place of what is selected."""
        self._replace_via_keyboard("\n", *self.selection)
