"""A part that fills a dialog, a screen or a tab: it has keys of its own, and says which of them count now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

Keys = tuple[tuple[str, str], ...]
"""Keys for people, each with what it does."""


class Panel(Vertical):
    """Whoever holds it shows its keys, and closes it when it has done its part."""

    KEYS: ClassVar[Keys] = ()
    FIRST = "#rows"
    """What of it gets the keys."""

    @dataclass
    class KeysChanged(Message):
        """Other keys count than before."""

        panel: Panel
        keys: Keys

        @property
        def control(self) -> Panel:
            """The panel that speaks."""
            return self.panel

    @dataclass
    class Closed(Message):
        """It is done; `result` says what is to follow, empty text that nothing is."""

        result: str = ""

    def show_keys(self, *keys: tuple[str, str]) -> None:
        """Have other keys shown."""
        self.post_message(self.KeysChanged(self, keys))

    def close(self, result: str = "") -> None:
        """Be done."""
        self.post_message(self.Closed(result))

    def take_keys(self) -> None:
        """Get the keys."""
        self.query_one(self.FIRST).focus()

    def shown(self) -> None:
        """Look anew: it comes back into view."""

    def left(self) -> None:
        """Note what was seen: it goes out of view."""

    @property
    def is_seen(self) -> bool:
        """Whether it is in view: a tab that is not chosen is not."""
        return all(node.display for node in self.ancestors_with_self if isinstance(node, Widget))

    def action_back_out(self) -> None:
        """Go back."""
        self.close()
