"""A field with choices in one line: left and right go through them, letters find one, a refused one says why."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, content, cut, pieces_width, width_of
from cockpit.ui.widgets.data_fields import is_written

MANY = 5
"""Choices from which on it is said that letters find one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice."""

    value: str
    label: Clean
    reason: str = ""
    """Why it cannot be taken now; it can be looked at all the same."""


class ChoiceField(Widget, can_focus=True):
    """`lieutenant ◂ 1/2 ▸`: what is chosen begins where the text of other fields does.

    Letters go to the first choice that has them, at the beginning of a word if there is one; left and right go on among
    those that have them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "previous", show=False),
        Binding("right,space", "turn(1)", "next", show=False),
        Binding("backspace", "shorten", "take back a letter", show=False),
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
        self._typed = ""
        """Letters that the choice has, as they were typed."""

    @property
    def choice(self) -> Choice:
        """The choice shown; it cannot be taken while it has not what was typed."""
        shown = self._choices[self._at]
        if self._at in self._found(self._typed):
            return shown
        return replace(shown, reason=f"none has “{clean_line(self._typed)}”")

    @property
    def value(self) -> str:
        """The value of the choice shown."""
        return self.choice.value

    def action_turn(self, step: int) -> None:
        """Go to the next choice, of those that have what was typed."""
        found = self._found(self._typed) or range(len(self._choices))
        at = found.index(self._at) if self._at in found else -1
        self._show(found[(at + step) % len(found)])

    def action_shorten(self) -> None:
        """Take back a letter; a choice that has what is left stays."""
        self._typed = self._typed[:-1]
        found = self._found(self._typed) or (self._at,)
        self._show(self._at if self._at in found else found[0])

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Say that a letter is the field's own."""
        return key != "space" and is_written(character)

    def on_key(self, event: events.Key) -> None:
        """Go to the first choice that has what was typed."""
        if event.key == "space" or event.character is None or not is_written(event.character):
            return
        event.stop()
        self._typed += event.character
        found = self._found(self._typed) or (self._at,)
        self._show(self._at if self._at in found else found[0])

    def on_blur(self) -> None:
        """Begin anew next time."""
        self._typed = ""

    def _found(self, typed: str) -> Sequence[int]:
        """Return which choices have some letters, those where a word begins with them if there are any."""
        wanted = plain(typed)
        names = [plain(choice.label) for choice in self._choices]
        begin = [at for at, name in enumerate(names) if any(name[word:].startswith(wanted) for word in _words(name))]
        return begin or [at for at, name in enumerate(names) if wanted in name]

    def _show(self, at: int) -> None:
        self._at = at
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
            hint = our_line("  {}", clean_line(self._typed)) if self._typed else ours("  letters find")
            beside = self.size.width - pieces_width(pieces)
            if not choice.reason and (
                self._typed or (self.has_focus and len(self._choices) >= MANY and width_of(hint) < beside)
            ):
                pieces.append((hint, "$accent underline" if self._typed else "$muted"))
        if choice.reason:
            pieces.append((our_line("  ✗ {}", choice.reason), "$agent-failed"))
        return content(pieces)


def plain(text: str) -> str:
    """Return a text without what distinguishes letters that one types alike: case and accents."""
    return "".join(one for one in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(one))


def _words(name: str) -> list[int]:
    """Return where the words of a name begin."""
    return [at for at in range(len(name)) if at == 0 or (name[at].isalnum() and not name[at - 1].isalnum())]
