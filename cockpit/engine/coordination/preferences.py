"""Keeps the operator's small choices in the store."""

from __future__ import annotations

import asyncio
import logging

from cockpit.engine.saving import saved
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

log = logging.getLogger(__name__)

OURS = "preference "
"""Goes before the names: the store keeps other choices too."""


class Preferences:
    """Implements `cockpit.model.preferences.PreferencesPort`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._writing: dict[str, asyncio.Task[None]] = {}

    async def read(self, name: str) -> str:
        """Return a choice."""
        try:
            return (await self._store.choices.kept()).get(OURS + name, "")
        except StoreError as error:
            log.warning("what was chosen cannot be read: %s", error)
            return ""

    def keep(self, name: str, value: str) -> None:
        """Keep a choice, after those before it."""
        before = self._writing.get(name)
        self._writing[name] = asyncio.create_task(self._write(name, value, before), name=f"keep {name}")

    async def close(self) -> None:
        """Wait for what is being written."""
        await asyncio.gather(*self._writing.values(), return_exceptions=True)

    async def _write(self, name: str, value: str, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        await saved(self._store.choices.keep(OURS + name, value))
