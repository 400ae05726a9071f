"""One command on the VMs of many agents at the same time: exit codes, times, and the end of what each said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from cockpit.engine.on_vm import OUTPUT_BYTES, connection_of, run_command
from cockpit.engine.operation import OperationProgress, describe
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import CockpitError, Refused
from cockpit.model.commands.swarm import FanOut
from cockpit.model.ids import AgentId, OperationId
from cockpit.model.operation import Part
from cockpit.model.workers import ENDED, TIMED_OUT, UNKNOWN
from cockpit.remote.errors import CommandTimedOut

OUTPUTS_KEPT = 3
"""Operations whose outputs are kept: the others keep exit codes and times alone."""


async def fan_out(
    fleet_state: FleetState,
    source: Source,
    session_of: Callable[[AgentId], AgentSession | None],
    command: FanOut,
    progress: OperationProgress,
) -> None:
    """Run a command on the VM of each agent; one that cannot be reached keeps no other.

    Raises:
        Refused: somewhere it was not run, did not end in time, or its end is not known; says where.
    """
    _drop_outputs(fleet_state, progress.operation.id)

    async def one(agent_id: AgentId) -> None:
        agent = fleet_state.agents.get(agent_id)
        if agent is None:
            progress.part(Part(agent_id, None, UNKNOWN, "it is here no more"))
            return
        began = fleet_state.clock.now()

        def took() -> float:
            return round(fleet_state.clock.now() - began, 3)

        try:
            with progress.beside(agent.name) as say:
                connection = await connection_of(session_of(agent_id), agent_id)
                began = fleet_state.clock.now()
                code, said, size = await run_command(connection, source.paths.workspace, command.text, command.limit)
                say(f"exit {code}")
        except CommandTimedOut:
            words = f"it did not end within {command.limit:g} s and was ended"
            progress.part(Part(agent.name, agent.vm_id, TIMED_OUT, words, seconds=took()))
        except CockpitError as error:
            progress.part(Part(agent.name, agent.vm_id, UNKNOWN, describe(error)))
        else:
            cut = f"the last {OUTPUT_BYTES} of {size} bytes it said" if size > OUTPUT_BYTES else ""
            progress.part(Part(agent.name, agent.vm_id, ENDED, cut, code, took(), said))

    async with asyncio.TaskGroup() as tasks:
        for agent_id in command.agents:
            tasks.create_task(one(agent_id))
    bad = [part for part in progress.operation.parts if part.outcome != ENDED]
    if bad:
        named = "; ".join(f"{part.target}: {part.words}" for part in bad)
        raise Refused(f"on {len(bad)} of {len(command.agents)} the command did not come to its end: {named}")


def _drop_outputs(fleet_state: FleetState, current: OperationId) -> None:
    holders = [
        operation
        for operation in fleet_state.operations.values()
        if operation.id != current and any(part.output for part in operation.parts)
    ]
    for operation in holders[: max(0, len(holders) - OUTPUTS_KEPT + 1)]:
        parts = tuple(replace(part, output="") for part in operation.parts)
        fleet_state.operations[operation.id] = replace(operation, parts=parts)
