"""One paste as a terminal brackets it: whatever stalls or is cut, all of it is text until its end has come."""

from __future__ import annotations

from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END
from textual.message import Message

from cockpit.ui.terminal.by_hand import Unended

MAX_PASTE = 8_000_000
"""Characters after which a paste is handed over in pieces."""

_KEPT_BACK = (*(BRACKETED_PASTE_END[:size] for size in range(len(BRACKETED_PASTE_END) - 1, 0, -1)), "\r")
"""What a piece does not end with: it may be half of the end, or of a line break."""


class PasteUnended(Message):
    """A paste began long ago, and its end has not come."""

    def __init__(self, size: int) -> None:
        """Tell how many characters have come."""
        self.size = size
        super().__init__()


class BracketedPaste(Unended):
    """What has come of a paste. Only its end ends it, or the operator once nothing has come for long."""

    def __init__(self) -> None:
        """Begin."""
        super().__init__()
        self._pieces: list[str] = []
        self._size = 0
        self._held = ""

    def take(self, text: str, at: int, found: list[Message]) -> int:
        """Take what was read from a place on; return where the paste ends in it, the whole length if it goes on."""
        held = len(self._held)
        whole, self._held = self._held + text[at:], ""
        self._escaped = False
        end = whole.find(BRACKETED_PASTE_END)
        if end >= 0:
            self._add(whole[:end])
            self._end(found)
            return at + end + len(BRACKETED_PASTE_END) - held
        kept = next((len(beginning) for beginning in _KEPT_BACK if whole.endswith(beginning)), 0)
        self._held = whole[len(whole) - kept :]
        self._add(whole[: len(whole) - kept])
        if self._size > MAX_PASTE:
            self._hand_over(found)
        return len(text)

    def _unended(self) -> Message:
        return PasteUnended(self._size)

    def _keep(self, text: str) -> None:
        self._held += text

    def _add(self, text: str) -> None:
        self._pieces.append(text)
        self._size += len(text)

    def _hand_over(self, found: list[Message]) -> None:
        text = "".join(self._pieces)
        if text:
            found.append(events.Paste(text))
        self._pieces, self._size = [], 0

    def _end(self, found: list[Message]) -> None:
        self._hand_over(found)
        self.ended = True
