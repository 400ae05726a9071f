"""One look at a VM: found, not found or unknown, each with what was seen; the only rule by which a VM counts as gone.

A status code alone proves nothing: a proxy answers 404 with a page of its own while the VM lives, and the list leaves
out a VM whose host is slow. A VM is gone when the complete list lacks it *and* its status answers the API's own "not
found": JSON with `error` and `success` false (vers-api reference, section 2.2).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cockpit.model.ids import VmId
from cockpit.vers.errors import VersError, VmAsleep, VmNotFound
from cockpit.vers.wire import VmListing, VmRecord

LOOK_LIMIT = 20.0
"""Seconds one look may take, list and status together."""


@dataclass(frozen=True, slots=True)
class Found:
    """The VM exists."""

    record: VmRecord
    evidence: str


@dataclass(frozen=True, slots=True)
class Missing:
    """The VM does not exist: the complete list lacks it, and the API itself says that it is not found."""

    evidence: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It cannot be told whether the VM exists."""

    evidence: str
    """What was asked, and what came back."""


Look = Found | Missing | Unknown


async def look_at(
    vm_id: VmId,
    listing: Callable[[], Awaitable[VmListing]],
    status: Callable[[VmId], Awaitable[VmRecord]],
    limit: float = LOOK_LIMIT,
) -> Look:
    """Ask list and status for a VM. It never raises for what the API answers.

    Args:
        vm_id: the VM.
        listing: gives the list with what could not be read of it.
        status: gives one VM.
        limit: seconds for both.
    """
    try:
        async with asyncio.timeout(limit):
            # The list first: a VM whose host forgot it answers 500 until a listing has noticed.
            return await _judge(vm_id, listing, status)
    except TimeoutError:
        return Unknown(f"list and status did not answer within {limit:g} s")


async def _judge(
    vm_id: VmId,
    listing: Callable[[], Awaitable[VmListing]],
    status: Callable[[VmId], Awaitable[VmRecord]],
) -> Look:
    listed: VmRecord | None = None
    absent = False
    try:
        seen = await listing()
    except VersError as error:
        in_list = f"the list cannot be had ({error.message})"
    else:
        listed = next((record for record in seen.records if record.vm_id == vm_id.lower()), None)
        absent = listed is None and not seen.unreadable
        in_list = f"the list shows it as {listed.state or 'there'}" if listed else "the list lacks it"
        if seen.unreadable and listed is None:
            in_list = f"the list lacks it, but {seen.unreadable} of its entries cannot be read"
    try:
        record = await status(vm_id)
    except VmAsleep as error:
        if listed is not None:
            return Found(listed, f"{in_list}; its status says that it sleeps")
        return Unknown(f"{in_list}; {error.message}")
    except VmNotFound as error:
        if error.own and absent:
            return Missing(f"{in_list}, and its status says 404 not found")
        return Unknown(f"{in_list}; {error.message}{'' if error.own else ', which is not the API’s own answer'}")
    except VersError as error:
        return Unknown(f"{in_list}; {error.message}")
    if record.vm_id != vm_id.lower():
        return Unknown(f"{in_list}; its status answers for another VM, {record.vm_id}")
    return Found(record, f"{in_list}; its status says {record.state or 'nothing of its state'}")
