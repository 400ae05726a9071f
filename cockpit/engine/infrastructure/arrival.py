"""Services that are made while a cockpit runs are used by it: made by itself, or by another process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError

if TYPE_CHECKING:
    from cockpit.engine.source import Source

log = logging.getLogger(__name__)

LOOK_INTERVAL = 5.0
"""Seconds between two looks whether the configuration names services by now."""

NO_SERVICES = "no board, feed and registry: `cockpit infra` makes them, or set VERS_INFRA_URL and VERS_AUTH_TOKEN"
"""What stands on the screen until there are some."""


async def arrival(source: Source) -> None:
    """Return once a source has services; without a place where some could be made, never."""
    said, arrived = "", source.taken_up.arrived
    while not arrived.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_INTERVAL if source.infra is not None else None):
                await arrived.wait()
        if arrived.is_set() or source.infra is None:
            continue
        try:
            url, token = await asyncio.to_thread(source.infra.known)
            if url and not arrived.is_set():
                source.take_up(url, token)
        except CockpitError as error:
            # Somebody may be in the middle of writing it: said once, and looked at again.
            if str(error) != said:
                log.warning("whether services were made is not known: %s", error)
            said = str(error)
