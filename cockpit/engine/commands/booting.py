"""Waiting until a VM that was made runs."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.errors import Refused, TimedOut
from cockpit.model.fleet import Power, Vm
from cockpit.model.ids import VmId

BOOT_LIMIT = 120.0
"""Seconds a VM may take to boot."""

STATUS_INTERVAL = 0.5


async def until_running(fleet_state: FleetState, source: Source, vm_id: VmId) -> None:
    """Wait until the platform says that a VM runs.

    Raises:
        Refused: it is something else that booting does not end in.
        TimedOut: it still boots after `BOOT_LIMIT` seconds.
    """
    try:
        async with asyncio.timeout(BOOT_LIMIT):
            while (power := (await source.vers.status(vm_id)).power) is not Power.RUNNING:
                if power not in (Power.BOOTING, Power.UNKNOWN):
                    raise Refused(f"VM {vm_id} is {power} instead of running", hint="look at it on the platform")
                await asyncio.sleep(STATUS_INTERVAL)
    except TimeoutError:
        raise TimedOut(
            f"VM {vm_id} did not boot within {BOOT_LIMIT:.0f} s", hint="try again, or another image"
        ) from None
    known = fleet_state.vms.get(vm_id) or Vm(vm_id, source=source.name)
    fleet_state.put_vm(replace(known, power=Power.RUNNING))
