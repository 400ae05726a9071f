"""Keeps the history within its bounds of size and age for as long as the engine runs."""

from __future__ import annotations

import asyncio
import logging

from cockpit.engine.saving import saved
from cockpit.store.store import Store

log = logging.getLogger(__name__)

PRUNE_INTERVAL = 3600.0
"""Seconds between two looks at the size and age of the history."""


async def keep_pruned(store: Store, max_bytes: int, max_age: float) -> None:
    """Remove what is beyond the bounds, now and each hour; it ends by cancellation.

    Args:
        store: the history.
        max_bytes: bytes it may take.
        max_age: seconds a record is kept.
    """

    async def prune() -> None:
        removed = await store.prune(max_bytes=max_bytes, max_age_seconds=max_age)
        if removed:
            log.info("the history was pruned by %d records", removed)

    while True:
        await saved(prune())
        await asyncio.sleep(PRUNE_INTERVAL)
