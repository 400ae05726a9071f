"""One paste as a terminal brackets it: whatever stalls or is cut, all of it is text until its end has come."""

from __future__ import annotations

import re

from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END
from textual.message import Message

MAX_PASTE = 8_000_000
"""Characters after which a paste is handed over in pieces."""
UNENDED_DELAY = 5.0
"""Seconds of silence after which the operator is told that a paste has no end, and may end it by hand."""

_ESCAPES = re.compile(r"\x1b|\x1b\[27(?:;1?)?(?:;\d*)?u")
_LEAVE = re.compile(r"\x11|\x1b\[113;5(?:;\d*)?u")
_KEPT_BACK = (*(BRACKETED_PASTE_END[:size] for size in range(len(BRACKETED_PASTE_END) - 1, 0, -1)), "\r")
"""What a piece does not end with: it may be half of the end, or of a line break."""


class PasteUnended(Message):
    """A paste began long ago, and its end has not come."""

    def __init__(self, size: int) -> None:
        """Tell how many characters have come."""
        self.size = size
        super().__init__()


class BracketedPaste:
    """What has come of a paste. Only its end ends it, or the operator once nothing has come for long."""

    def __init__(self) -> None:
        """Begin."""
        self.ended = False
        self._pieces: list[str] = []
        self._size = 0
        self._held = ""
        self._unended = False
        self._escaped = False
        """The escape key came last, and alone; it is in `_held` as well."""

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

    def is_by_hand(self, text: str, found: list[Message]) -> bool:
        """Take a read if it is the operator's way out of a paste without an end: escape twice, or the key that leaves.

        Each must come alone, so that nothing that is pasted can be taken for it.
        """
        if not self._unended:
            return False
        if _LEAVE.fullmatch(text):
            self._end(found)
            found.append(events.Key("ctrl+q", "\x11"))
            return True
        if not _ESCAPES.fullmatch(text):
            return False
        if self._escaped:
            self._end(found)
        self._held += text
        self._escaped = True
        return True

    def tick(self, silence: float, found: list[Message]) -> None:
        """Say once that the end does not come."""
        if silence > UNENDED_DELAY and not self._unended:
            self._unended = True
            found.append(PasteUnended(self._size))

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
