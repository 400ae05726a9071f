"""What tells one history's cockpits from those of another, to whoever reads what they wrote on a VM."""

from __future__ import annotations

import uuid

from cockpit.engine.saving import saved
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

_NAME = "cockpit id"


async def cockpit_id(store: Store) -> str:
    """Return it, made on first use; of a store that cannot be read, one that nobody else has."""
    made = uuid.uuid4().hex[:12]
    try:
        kept = (await store.choices.kept()).get(_NAME)
        if kept:
            return kept
        await saved(store.choices.keep(_NAME, made))
        return (await store.choices.kept()).get(_NAME, made)
    except StoreError:
        return made
