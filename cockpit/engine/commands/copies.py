"""Agents of copied VMs: each goes on with the original's conversation, under its own name, VM id and registry entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from cockpit.engine.commands.spawn import Spawner
from cockpit.engine.operation import OperationProgress, describe
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError, Refused
from cockpit.model.commands import Spawn
from cockpit.model.ids import VmId
from cockpit.model.names import numbered_from


def copy_name(fleet_state: FleetState, name: str) -> str:
    """Return the first name of the form `NAME-2` that nobody has."""
    return copy_names(fleet_state, name, 1)[0]


def copy_names(fleet_state: FleetState, name: str, count: int) -> tuple[str, ...]:
    """Return the first names of the form `NAME-2` that nobody has."""
    return tuple(islice((made for made in numbered_from(name, 2) if not fleet_state.agents_called(made)), count))


async def start_copies(
    fleet_state: FleetState, spawner: Spawner, wanted: Spawn | None, vms: Sequence[VmId], progress: OperationProgress
) -> None:
    """Start the agent of each copy; one that does not start leaves the others alone, and its VM stays.

    Args:
        wanted: the agent under its original's name; None if the original has none.

    Raises:
        Refused: some do not run; says which, and why.
    """
    failed: list[str] = []
    for vm_id in vms if wanted is not None else ():
        assert wanted is not None
        name = copy_name(fleet_state, wanted.name)
        try:
            await spawner.start_copy(replace(wanted, name=name), vm_id, progress)
        except CockpitError as error:
            failed.append(f"{name} on VM {vm_id}: {describe(error)}")
    if failed:
        raise Refused(
            f"the VM was copied, but no agent runs in {len(failed)} of {len(vms)} copies: {'; '.join(failed)}",
            hint="relaunch it there, or destroy the copy",
        )
