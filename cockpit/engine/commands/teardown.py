"""Tearing workers down: several VMs are deleted at the same time, and what could not be deleted stays listed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from cockpit.engine.operation import OperationProgress, describe
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError, NotFound, Refused, Undecided
from cockpit.model.commands.swarm import Teardown
from cockpit.model.ids import VmId
from cockpit.model.names import vm_called
from cockpit.model.operation import Part
from cockpit.model.workers import DELETED, KEPT

AT_ONCE = 8
"""VMs that are deleted at the same time."""


async def tear_down(
    fleet_state: FleetState,
    command: Teardown,
    delete: Callable[[VmId, OperationProgress], Awaitable[None]],
    progress: OperationProgress,
) -> None:
    """Delete the VMs of a command; one that is not deleted keeps no other.

    Args:
        delete: deletes one VM and forgets its agent, once the platform confirmed it.

    Raises:
        Refused: some are not deleted, as far as is known; names them.
    """
    turns = asyncio.Semaphore(AT_ONCE)
    names = {vm_id: _name(fleet_state, vm_id) for vm_id in command.vms}

    async def one(vm_id: VmId) -> None:
        name = names[vm_id]
        try:
            async with turns:
                await delete(vm_id, progress.of(name))
        except NotFound as error:
            progress.part(Part(name, vm_id, DELETED, error.message))
        except Undecided as error:
            progress.part(Part(name, vm_id, KEPT, f"whether it was deleted is unknown: {describe(error)}"))
        except CockpitError as error:
            progress.part(Part(name, vm_id, KEPT, describe(error)))
        else:
            progress.part(Part(name, vm_id, DELETED))

    async with asyncio.TaskGroup() as tasks:
        for vm_id in command.vms:
            tasks.create_task(one(vm_id))
    kept = [part for part in progress.operation.parts if part.outcome == KEPT]
    if kept:
        named = "; ".join(f"{part.target} (VM {part.vm}): {part.words}" for part in kept)
        raise Refused(
            f"{len(kept)} of {len(names)} were not deleted: {named}", hint="they stay listed: tear them down again"
        )


def _name(fleet_state: FleetState, vm_id: VmId) -> str:
    return vm_called(vm_id, fleet_state.agents.values())
