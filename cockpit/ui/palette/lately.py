"""What was chosen from the palette lately: it stands on top of it, in the cockpits to come as well."""

from __future__ import annotations

import json

from cockpit.model.preferences import PreferencesPort

CHOICES = "palette"
"""The name under which they are kept."""

KEPT = 20
"""Choices that are remembered."""


class Lately:
    """The keys of what was chosen, the newest first."""

    def __init__(self, preferences: PreferencesPort) -> None:
        self._preferences = preferences
        self.keys: tuple[str, ...] = ()

    async def load(self) -> None:
        """Take what was chosen in cockpits before; whatever was chosen here meanwhile is newer."""
        try:
            kept = json.loads(await self._preferences.read(CHOICES) or "[]")
        except ValueError:
            kept = []
        before = [key for key in kept if isinstance(key, str)] if isinstance(kept, list) else []
        self.keys = tuple(dict.fromkeys((*self.keys, *before)))[:KEPT]

    def chose(self, key: str) -> None:
        """Remember a choice."""
        self.keys = tuple(dict.fromkeys((key, *self.keys)))[:KEPT]
        self._preferences.keep(CHOICES, json.dumps(self.keys))
