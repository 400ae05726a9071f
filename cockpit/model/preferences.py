"""Small things that the operator chose and that outlive a cockpit, by name: the theme, when a summary was last seen."""

from __future__ import annotations

from typing import Protocol


class PreferencesPort(Protocol):
    """What is kept of the operator's choices, for all cockpits of one history."""

    async def read(self, name: str) -> str:
        """Return a choice; empty text where there is none, or the history cannot be read."""

    def keep(self, name: str, value: str) -> None:
        """Keep a choice in place of the one before it; returns at once."""
