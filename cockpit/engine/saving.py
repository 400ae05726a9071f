"""Writing to the store where a refusal of the disk must stop nothing: the store itself says what it is."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from cockpit.store.errors import StoreError

log = logging.getLogger(__name__)


async def saved(saving: Awaitable[None]) -> None:
    """Write to the store; what the disk refuses is said in the notices and stops no command."""
    try:
        await saving
    except StoreError as error:
        log.error("%s", error)
