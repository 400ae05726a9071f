"""Agents of copied VMs: each goes on with the original's conversation, under its own name, VM id and registry entry."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from cockpit.engine.commands.spawn import Spawner
from cockpit.engine.operation import OperationProgress, describe
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError, Refused
from cockpit.model.commands.life import Spawn
from cockpit.model.ids import VmId
from cockpit.model.names import numbered_from


def copy_name(fleet_state: FleetState, name: str) -> str:
    """Return the first name of the form `NAME-2` that nobody has."""
    return next(made for made in numbered_from(name, 2) if not fleet_state.agents_called(made))


@contextlib.contextmanager
def copy_names(fleet_state: FleetState, spawner: Spawner, wanted: Spawn, count: int) -> Iterator[tuple[str, ...]]:
    """Keep the first names of the form `NAME-2` that nobody has or is about to have, for the time of the block.

    Args:
        wanted: the agent under its original's name.
        count: of the copies.

    Raises:
        UsageError: the family that they join has no place for all of them.
    """
    taken = spawner.places.facilities().claimed
    free = (made for made in numbered_from(wanted.name, 2) if made not in taken and not fleet_state.agents_called(made))
    with contextlib.ExitStack() as claims:
        names = tuple(islice(free, count))
        for name in names:
            claims.enter_context(spawner.places.claimed(replace(wanted, name=name)))
        yield names


async def start_copies(
    spawner: Spawner, wanted: Spawn, names: Sequence[str], vms: Sequence[VmId], progress: OperationProgress
) -> None:
    """Start the agent of each copy; one that does not start leaves the others alone, and its VM stays.

    Args:
        spawner: starts them.
        wanted: the agent under its original's name.
        names: of the copies, kept for them.
        vms: on which they are.
        progress: is told of each step.

    Raises:
        Refused: some do not run; says which, and why.
    """
    failed: list[str] = []
    for name, vm_id in zip(names, vms, strict=True):
        try:
            await spawner.start_copy(replace(wanted, name=name), vm_id, progress)
        except CockpitError as error:
            failed.append(f"{name} on VM {vm_id}: {describe(error)}")
    if failed:
        raise Refused(
            f"the VM was copied, but no agent runs in {len(failed)} of {len(vms)} copies: {'; '.join(failed)}",
            hint="relaunch it there, or destroy the copy",
        )
