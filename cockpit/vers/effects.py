"""Whether an act on a VM had its effect: the VM itself is looked at, whatever the status code of the act said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from cockpit.model.ids import VmId
from cockpit.vers.errors import (
    ApiKeyRefused,
    BadAnswer,
    EffectUnknown,
    RateLimited,
    VersError,
    VmNotFound,
    may_have_happened,
)
from cockpit.vers.look import LOOK_LIMIT, Found, Look, Missing, Unknown
from cockpit.vers.wire import VmListing, VmRecord

LOOKS = (0.0, 1.0, 2.0, 4.0)
"""Seconds of waiting before each look at what may still be under way: a deletion takes about seven on the platform."""

PAUSED = ("paused", "sleeping")

AnyVm = TypeVar("AnyVm", bound=VmRecord)

Looking = Callable[[VmId], Awaitable[Look]]
Resting = Callable[[float], Awaitable[None]]


async def confirm_deleted(what: str, vm_id: VmId, failure: VersError | None, look: Looking, rest: Resting) -> None:
    """Return if a VM is gone after a deletion was asked for.

    Args:
        what: the act, for messages: `delete VM 1f0c...`.
        vm_id: the VM.
        failure: what the deleting call answered, None for a success.
        look: looks once.
        rest: waits.

    Raises:
        EffectUnknown: it cannot be told.
        VersError: it is still there.
    """
    seen = await _looks(vm_id, failure, look, rest, lambda seen: isinstance(seen, Missing))
    if isinstance(seen, Missing):
        return
    if isinstance(seen, Found):
        if failure is None:
            raise VersError(f"could not {what}: the API answered with success, but {seen.evidence}", hint="try again")
        _add(failure, f"it is still there: {seen.evidence}")
        raise failure
    raise _undecided(what, failure, "whether it is gone is unknown", seen)


async def confirm_power(what: str, vm_id: VmId, paused: bool, failure: VersError, look: Looking, rest: Resting) -> None:
    """Return if a VM is paused (or runs) although the call for it failed.

    Raises:
        EffectUnknown: it cannot be told.
        VersError: it is not.
    """

    def is_so(seen: Look) -> bool:
        return isinstance(seen, Found) and (seen.record.state in PAUSED if paused else seen.record.state == "running")

    seen = await _looks(vm_id, failure, look, rest, is_so)
    if is_so(seen):
        return
    if isinstance(seen, Found):
        _add(failure, seen.evidence)
        raise failure
    if isinstance(seen, Missing):
        gone = VmNotFound(f"could not {what}: the VM is gone: {seen.evidence}", hint="list the VMs", status=404)
        gone.own = True
        raise gone from failure
    raise _undecided(what, failure, "whether it happened is unknown", seen)


async def confirm_made(
    what: str,
    vm_ids: Iterable[VmId],
    listing: Callable[[], Awaitable[VmListing]],
    look: Looking,
    rest: Resting,
) -> str:
    """Look whether the VMs that the answer to a creating call names are there.

    Returns why it cannot be told, or empty text.

    Raises:
        BadAnswer: one of them is not there.
    """
    try:
        async with asyncio.timeout(LOOK_LIMIT):
            listed = {record.vm_id for record in (await listing()).records}
    except TimeoutError:
        return f"the list did not answer within {LOOK_LIMIT:g} s"
    except VersError as error:
        return f"the list cannot be had ({error.message})"
    unseen = ""
    for vm_id in vm_ids:
        if vm_id in listed:
            continue
        seen = await _looks(vm_id, None, look, rest, lambda seen: not isinstance(seen, Missing))
        if isinstance(seen, Missing):
            fault = f"the answer names VM {vm_id}, which is not there: {seen.evidence}"
            raise BadAnswer(f"could not {what}: {fault}", hint="whatever answers in the platform's place made it up")
        if isinstance(seen, Unknown):
            unseen = f"VM {vm_id}: {seen.evidence}"
    return unseen


def about(what: str, vm_id: VmId, record: AnyVm) -> AnyVm:
    """Return a record if it is about a VM.

    Raises:
        BadAnswer: it is about another one.
    """
    if record.vm_id != vm_id.lower():
        raise BadAnswer(f"could not {what}: it answers for another VM, {record.vm_id}", hint="check the base URL")
    return record


async def _looks(
    vm_id: VmId, failure: VersError | None, look: Looking, rest: Resting, settled: Callable[[Look], bool]
) -> Look:
    """Look until it is settled, once if nothing can be under way."""
    seen: Look = Unknown("nothing was seen")
    for wait in LOOKS if failure is None or may_have_happened(failure) else LOOKS[:1]:
        if wait:
            await rest(wait)
        seen = await look(vm_id)
        if settled(seen):
            break
    return seen


def _add(failure: VersError, seen: str) -> None:
    """Say in an error what was seen after it."""
    failure.message = f"{failure.message}; {seen}"
    failure.args = (failure.message,)


def _undecided(what: str, failure: VersError | None, words: str, seen: Look) -> VersError:
    if isinstance(failure, ApiKeyRefused | RateLimited):
        return failure  # It was refused before any work, and looking is refused as well.
    answered = failure.message if failure else f"the order to {what} was accepted"
    unknown = EffectUnknown(
        f"{answered}; {words}: {seen.evidence}",
        hint="it may be there and cost: look at the VM list before you try again",
        status=failure.status if failure else 0,
    )
    unknown.__cause__ = failure
    return unknown
