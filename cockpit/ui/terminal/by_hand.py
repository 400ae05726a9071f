"""What a terminal began and did not end: the operator is told so, and has a way out that nothing received can take."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from textual import events
from textual.message import Message

UNENDED_DELAY = 5.0
"""Seconds of silence after which the operator is told that the end does not come, and may end it by hand."""

_ESCAPES = re.compile(r"\x1b|\x1b\[27(?:;1?)?(?:;\d*)?u")
_LEAVE = re.compile(r"\x11|\x1b\[113;5(?:;\d*)?u")


class Unended(ABC):
    """Something whose end the terminal sends; while it lasts, nothing that comes is a key."""

    def __init__(self) -> None:
        """Begin."""
        self.ended = False
        self._told = False
        self._escaped = False
        """The escape key came last, and alone; `_keep` has it as well."""

    @abstractmethod
    def _unended(self) -> Message:
        """Return what tells the operator that the end does not come."""

    @abstractmethod
    def _keep(self, text: str) -> None:
        """Take a part that may yet be the operator's."""

    @abstractmethod
    def _end(self, found: list[Message]) -> None:
        """End it here."""

    def tick(self, silence: float, found: list[Message]) -> None:
        """Say once that the end does not come."""
        if silence > UNENDED_DELAY and not self._told:
            self._told = True
            found.append(self._unended())

    def is_by_hand(self, text: str, found: list[Message]) -> bool:
        """Take a read if it is the operator's way out: escape twice, or the key that leaves.

        Each must come alone, so that nothing that is received can be taken for it.
        """
        if not self._told:
            return False
        if _LEAVE.fullmatch(text):
            self._end(found)
            found.append(events.Key("ctrl+q", "\x11"))
            return True
        if not _ESCAPES.fullmatch(text):
            return False
        if self._escaped:
            self._end(found)
        self._keep(text)
        self._escaped = True
        return True
