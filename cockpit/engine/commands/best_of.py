"""Best of several: an agent is copied, each copy is itself and gets its text, and what it started from is marked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from cockpit.agents.workspace.answers import read_answer
from cockpit.agents.workspace.scripts import keep_script
from cockpit.agents.workspace.start import Spent
from cockpit.engine.commands.copies import copy_names
from cockpit.engine.commands.creations import Creations
from cockpit.engine.commands.launch_record import spawn_of
from cockpit.engine.commands.spawn import Spawner
from cockpit.engine.commands.vm_operations import FleetOperations
from cockpit.engine.commands.workers import Workers
from cockpit.engine.living import living
from cockpit.engine.on_vm import connection_of
from cockpit.engine.operation import OperationProgress, describe
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import CockpitError, Refused
from cockpit.model.changes.report import SnapshotKind
from cockpit.model.commands.life import Spawn
from cockpit.model.commands.swarm import BestOf
from cockpit.model.commands.vm import Branch
from cockpit.model.comparison import group_label
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import AgentId, VmId
from cockpit.model.operation import Part

log = logging.getLogger(__name__)

MARK_LIMIT = 60.0
"""Seconds that marking the state of a workspace may take."""


class BestOfSeveral:
    """Makes the copies and starts them, each on its own."""

    def __init__(
        self,
        fleet_state: FleetState,
        source: Source,
        creations: Creations,
        operations: FleetOperations,
        spawner: Spawner,
        workers: Workers,
        session_of: Callable[[AgentId], AgentSession | None],
    ) -> None:
        self._fleet_state = fleet_state
        self._source = source
        self._creations = creations
        self._operations = operations
        self._spawner = spawner
        self._workers = workers
        self._session_of = session_of

    async def carry_out(self, command: BestOf, progress: OperationProgress) -> None:
        """Copy an agent, and give each copy its text once it runs under its own name.

        Raises:
            Refused: some copies do not run, or did not take their text; says which, and why.
        """
        original = self._fleet_state.agent_on(command.vm)
        if original is None:
            raise Refused(f"no agent that is known here lives on VM {command.vm}", hint="cockpit branch copies a VM")
        count = len(command.texts)
        wanted = replace(
            spawn_of(original),
            kind=AgentKind.WORKER,
            parent=original.name,
            parent_vm=original.vm_id,
            labels=(*original.labels, group_label(original.name)),
        )
        with copy_names(self._fleet_state, self._spawner, wanted, count) as names:
            async with self._creations.written_down("best of", original.name, f"vm {command.vm}", wanted) as request:
                made = await self._operations.branch(Branch(command.vm, count), progress)
                await self._creations.made(request, made)
                async with asyncio.TaskGroup() as tasks:
                    for name, vm_id, text in zip(names, made, command.texts, strict=True):
                        tasks.create_task(self._start(replace(wanted, name=name), vm_id, text, progress))
        failed = [part for part in progress.operation.parts if part.outcome == "failed"]
        if failed:
            named = "; ".join(f"{part.target} on VM {part.vm}: {part.words}" for part in failed)
            raise Refused(f"{len(failed)} of {count} copies are not at work: {named}", hint="the others go on")

    async def _start(self, wanted: Spawn, vm_id: VmId, text: str, progress: OperationProgress) -> None:
        own = progress.of(wanted.name)
        try:
            agent = await self._spawner.start_copy(wanted, vm_id, own)
            with own.step("mark what it starts from"):
                own.detail(await self._mark(agent.id))
            with own.step("give it its text"):
                await self._workers.give(agent.id, agent.name, text)
        except CockpitError as error:
            progress.part(Part(wanted.name, vm_id, "failed", describe(error)))
        else:
            progress.part(Part(wanted.name, vm_id, "at work"))

    async def _mark(self, agent_id: AgentId) -> str:
        """Keep the state of the workspace; where that fails, all but the difference can be compared later."""
        agent = living(agent_id, self._fleet_state)
        try:
            connection = await connection_of(self._session_of(agent_id), agent_id)
            spent = Spent(agent.usage.tokens, agent.usage.cost, agent.epoch, agent.line)
            script = keep_script(self._source.paths_of(agent), SnapshotKind.START, spent=spent.words())
            done = await connection.run(script, timeout=MARK_LIMIT)
        except CockpitError as error:
            log.warning("the workspace of %s is not marked: %s", agent.name, error)
            return f"not marked, so that no difference can be told: {describe(error)}"
        if done.exit_code != 0:
            return f"not marked: {done.stderr.decode(errors='replace').strip() or f'exit {done.exit_code}'}"
        faults = [
            part.text for parts in read_answer(done.stdout).repositories for part in parts if part.name == "fault"
        ]
        return f"not all of it is marked: {'; '.join(faults)}" if faults else ""
