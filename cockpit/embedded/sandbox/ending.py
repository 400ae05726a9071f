"""Ending every process of a sandbox, whatever it does against that."""

from __future__ import annotations

import asyncio
import signal
import time

from cockpit.embedded.hosting import HostingError
from cockpit.embedded.sandbox.freezer import Freezer
from cockpit.embedded.sandbox.limits import LimitGroups
from cockpit.embedded.sandbox.processes import ProcessEntry, is_alive, send_signal

TERMINATION_GRACE = 1.0
"""Seconds that processes get between SIGTERM and SIGKILL when a VM is destroyed."""
KILL_TIMEOUT = 10.0
"""Seconds after which a process that survives SIGKILL is reported."""
POLL_INTERVAL = 0.01


async def end_processes(vm_id: str, freezer: Freezer, limits: LimitGroups, *, frozen: bool) -> None:
    """SIGTERM with a grace for those that can hear it, SIGKILL for all, until none is left.

    Args:
        vm_id: whose.
        freezer: what holds them still.
        limits: what limits them.
        frozen: they stand still.

    Raises:
        HostingError: one survived SIGKILL; it may be tried again.
    """
    if not frozen:
        members = await asyncio.to_thread(freezer.members)
        for entry in members.values():
            send_signal(entry, signal.SIGTERM)
            send_signal(entry, signal.SIGCONT)
        if await _wait_empty(freezer, members, TERMINATION_GRACE):
            return
    limits.allow_no_more()
    deadline = time.monotonic() + KILL_TIMEOUT
    while members := await _survivors(freezer):
        for entry in members.values():
            send_signal(entry, signal.SIGKILL)
        # A frozen process of a version 1 group dies only once it is thawed; the signal is waiting for it then.
        if frozen:
            await freezer.thaw(())
        if time.monotonic() > deadline:
            pids = ", ".join(str(pid) for pid in sorted(members))
            raise HostingError(
                f"VM {vm_id} still has processes after SIGKILL: {pids}",
                hint="they wait for a disk or a network file system; destroy it again later",
            )
        await _wait_empty(freezer, members, POLL_INTERVAL * 5)
    if frozen:
        # The first process behind walls is none of the members, and would not die as it stands still, either.
        await freezer.thaw(())


async def _survivors(freezer: Freezer) -> dict[int, ProcessEntry]:
    """Return the processes that are left; one that just starts another program is not told apart for a moment."""
    return await asyncio.to_thread(freezer.members) or await asyncio.to_thread(freezer.members)


async def _wait_empty(freezer: Freezer, members: dict[int, ProcessEntry], patience: float) -> bool:
    """Wait until nobody is left, for a while; say whether it is so.

    Those who are known are looked at first: to look for others goes through all processes of the machine.
    """
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if not any(is_alive(entry) for entry in members.values()):
            members = await _survivors(freezer)
            if not members:
                return True
        await asyncio.sleep(POLL_INTERVAL)
    return False
