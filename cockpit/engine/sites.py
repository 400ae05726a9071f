"""VMs on which something is built over several steps: one that an earlier run left is gone on with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.model.fleet import Power, Vm
from cockpit.model.ids import VmId
from cockpit.vers.wire import VmRecord


async def left_behind(source: Source, label: str, text: str) -> tuple[VmRecord, ...]:
    """Return the VMs that earlier runs left, the first of them made first.

    Args:
        source: whose VMs.
        label: by which they are known.
        text: what it says on them.

    Raises:
        VersError: the list could not be had: another VM than the one that is there would be made.
    """
    found = [record for record in await source.vers.list_vms() if record.labels.get(label) == text]
    return tuple(sorted(found, key=lambda record: (record.created_at, record.vm_id)))


async def take_up(
    fleet_state: FleetState,
    source: Source,
    called: str,
    left: tuple[VmRecord, ...],
    make: Callable[[], Awaitable[VmId]],
) -> VmId:
    """Return the first VM that was left, continued if it stands still, else a new one; it is shown from now on.

    Args:
        fleet_state: where it is shown.
        source: whose it is.
        called: its name for people.
        left: as `left_behind` found them.
        make: makes a new one.

    Raises:
        CockpitError: it cannot be made, or not continued.
    """
    if left:
        vm_id = VmId(left[0].vm_id)
        if left[0].power in (Power.PAUSED, Power.SLEEPING):
            await source.vers.set_power(vm_id, False)
    else:
        vm_id = await make()
    now = fleet_state.clock.now()
    fleet_state.put_vm(Vm(vm_id, Power.BOOTING, now, label=called, seen_at=now, source=source.name))
    return vm_id
