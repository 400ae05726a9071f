"""Commands about entries of the inbox: put off, and taken back."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.inbox.shelf import PutOff


@dataclass(frozen=True, slots=True)
class PutOffEntry:
    """Hear no more of an entry for a while, until it changes, or for good."""

    key: str
    mark: str
    """What the entry is like now."""
    how: PutOff
    sentence: str = ""
    """What it says now."""


@dataclass(frozen=True, slots=True)
class TakeBackEntry:
    """Hear of an entry again at once."""

    key: str


InboxCommand = PutOffEntry | TakeBackEntry
