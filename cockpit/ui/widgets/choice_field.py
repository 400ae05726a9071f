"""A field with a few choices in one line: left and right go through them, a refused one says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.look.cells import Piece, content, cut


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice."""

    value: str
    label: Clean
    reason: str = ""
    """Why it cannot be taken now; it can be looked at all the same."""


class ChoiceField(Widget, can_focus=True):
    """`lieutenant ◂ 1/2 ▸`: what is chosen begins where the text of other fields does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "turn(-1)", "previous", show=False),
        Binding("right,l,space", "turn(1)", "next", show=False),
    ]
    DEFAULT_CSS = """
    ChoiceField { height: 1; width: 1fr; background: $panel; padding: 0 1; }
    ChoiceField:focus { background: $row-cursor; }
    """

    @dataclass
    class Changed(Message):
        """Another choice is shown."""

        field: ChoiceField
        value: str

        @property
        def control(self) -> ChoiceField:
            """The field that speaks."""
            return self.field

    def __init__(self, choices: Sequence[Choice], *, value: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self._choices = tuple(choices) or (Choice("", ours("none")),)
        self._at = next((at for at, choice in enumerate(self._choices) if choice.value == value), 0)

    @property
    def choice(self) -> Choice:
        """The choice shown."""
        return self._choices[self._at]

    @property
    def value(self) -> str:
        """The value of the choice shown."""
        return self.choice.value

    def action_turn(self, step: int) -> None:
        """Go to the next choice."""
        self._at = (self._at + step) % len(self._choices)
        self.refresh()
        self.post_message(self.Changed(self, self.value))

    def on_click(self, event: events.Click) -> None:
        """Go on by mouse."""
        event.stop()
        self.action_turn(1)

    def render(self) -> Content:
        """Draw the choice, and its reason if it is refused."""
        choice = self.choice
        many = len(self._choices) > 1
        room = self.size.width - 12 - (len(choice.reason) + 3 if choice.reason else 0)
        pieces: list[Piece] = [(cut(choice.label, max(8, room)), "$faint" if choice.reason else "bold")]
        if many:
            place = our_line("{}/{}", self._at + 1, len(self._choices))
            pieces += [(ours("  ◂ "), "$accent"), (place, "$muted"), (ours(" ▸"), "$accent")]
        if choice.reason:
            pieces.append((our_line("  ✗ {}", choice.reason), "$agent-failed"))
        return content(pieces)
