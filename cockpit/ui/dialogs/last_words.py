"""The end of an agent's standard error: what was seen last at once, and the file itself as soon as it is here."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from cockpit.engine.port import StandardErrorPort
from cockpit.errors import CockpitError
from cockpit.model.fleet import Agent
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_text, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.look.cells import Piece, content
from cockpit.ui.widgets.plain import Plain

LINES = 500
"""Lines that are read."""


class LastWordsDialog(Dialog[None]):
    """A text to read, from its end."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("↑↓", "scroll"), ("r", "read again"), ("esc", "close"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,enter", "back_out", "close", show=False),
        Binding("r", "read", "read again", show=False),
    ]

    def __init__(self, port: StandardErrorPort, agent: Agent) -> None:
        super().__init__(our_line("Standard error of {}", agent.name), classes="course")
        self._port = port
        self._agent = agent

    def compose_body(self) -> ComposeResult:
        """Yield the text."""
        with VerticalScroll(id="scroll"):
            yield Plain(_text(self._agent.process.errors, ours("seen last; reading the file …")), id="text")

    def on_mount(self) -> None:
        self.query_one("#scroll").focus()
        self.action_read()

    def action_read(self) -> None:
        """Read the file."""
        self.run_worker(self._read(), exclusive=True, name="read standard error")

    async def _read(self) -> None:
        try:
            words = await self._port.last(self._agent.id, LINES)
        except CockpitError as error:
            text = _text(self._agent.process.errors, our_line("seen last; the file cannot be read: {}", str(error)))
        else:
            said = (
                our_line("{} · {} bytes", words.path, words.size) if words.lines else ours("nothing was written there")
            )
            text = _text(words.lines, said)
        self.query_one("#text", Plain).show(text, layout=True)
        self.call_after_refresh(self.query_one("#scroll", VerticalScroll).scroll_end, animate=False)


def _text(lines: tuple[str, ...], said: Clean) -> Content:
    """Return lines, and below them what they are."""
    pieces: list[Piece] = [(clean_text("\n".join(lines)), "")]
    return content([*pieces, (ours("\n") if lines else ours(""), ""), (said, "$muted")])
