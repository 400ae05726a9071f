"""What was done here: the log of acts, the operator's and those that the cockpit did by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class DoneAct:
    """One act, as it was ordered; what became of it is its receipt's."""

    at: float
    """Unix seconds."""
    verb: str
    target: str
    """Its name for people, as it was called then."""
    text: str = ""
    """What was sent, or the particulars."""


class ActsPort(Protocol):
    """The log of acts."""

    async def acts(self, *, words: str = "", since: float = 0.0, limit: int = 200) -> list[DoneAct]:
        """Return the newest acts that hold all words, the newest first.

        Raises:
            StoreError: it cannot be read.
        """
