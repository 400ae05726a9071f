"""Acts on what has a name (tags, variables, labels …): a doubt is settled by looking at the thing itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from cockpit.vers.errors import EffectUnknown, ResourceNotFound, VersError, may_have_happened

LOOK_LIMIT = 20.0
"""Seconds the look after a failure may take."""


async def settled(what: str, act: Callable[[], Awaitable[None]], is_so: Callable[[], Awaitable[bool]]) -> None:
    """Do an act; where its answer leaves a doubt, look whether it was done.

    Args:
        what: the act, for messages: `tag commit 1f0c… as golden`.
        act: the call.
        is_so: looks whether what was wanted is so; raises where it cannot be told.

    Raises:
        EffectUnknown: it cannot be told.
        VersError: the call's own failure, if it was not done.
    """
    try:
        await act()
    except VersError as failure:
        if not may_have_happened(failure):
            raise
        try:
            async with asyncio.timeout(LOOK_LIMIT):
                done = await is_so()
        except (VersError, TimeoutError) as blind:
            said = blind.message if isinstance(blind, VersError) else f"the look took longer than {LOOK_LIMIT:g} s"
            raise EffectUnknown(
                f"{failure.message}; whether it happened is unknown: {said}",
                hint=f"look before you try to {what} again",
                status=failure.status,
            ) from failure
        if not done:
            raise


async def is_missing(look: Callable[[], Awaitable[object]]) -> bool:
    """Say whether a look finds nothing, in the API's own words.

    Raises:
        VersError: it cannot be told.
    """
    try:
        await look()
    except ResourceNotFound as error:
        if not error.own:
            raise
        return True
    return False
