"""Whether the key in use may have a VM of a size: asked before anything is made."""

from __future__ import annotations

import logging

from cockpit.errors import CockpitError, UsageError
from cockpit.model.size import VmSize, size_fault
from cockpit.vers.client import VersClient

log = logging.getLogger(__name__)


async def check_size(vers: VersClient, size: VmSize) -> None:
    """Return if nothing is known to speak against a size; a platform that tells no limits decides by itself.

    Raises:
        UsageError: no VM can have that size, or this key may not have one.
    """
    try:
        who = await vers.key.whoami()
    except CockpitError as error:
        # The making asks the same platform next, and its own refusal says more than a silent look.
        log.warning("the limits of the key cannot be read: %s", error)
        who = None
    if fault := size_fault(size, who.limits if who is not None else None):
        raise UsageError(f"no VM was made: {fault}", hint="ask for less, or use a key with a higher limit")
