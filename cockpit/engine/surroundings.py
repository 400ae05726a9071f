"""Looking at what nobody here has: claims of registries and other tools' files, VMs without an agent, guessed places.

A look changes nothing on a VM. It is what `model.reconciliation` and the proposals for adoption go by.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from cockpit.agents.scaffold.answers import AgentState
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.engine.commands.registration import left_there
from cockpit.engine.foreign_files import StateFiles
from cockpit.engine.operation import describe
from cockpit.engine.origins import Origins, who_lives_there
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.agent_sessions import AgentSessions
from cockpit.errors import CockpitError
from cockpit.model.claims import ClaimedBy, VmLook, serves_all
from cockpit.model.fleet import Agent, AgentKind, Power, Process, Vm
from cockpit.model.ids import VmId, agent_of
from cockpit.model.reconciliation import is_being_made
from cockpit.vers.look import Missing

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)

INTERVAL = 3.0
"""Seconds between two looks for something to look at."""

AGAIN = 300.0
"""Seconds after which a VM that nobody has is looked at once more."""

AGAIN_AFTER_TROUBLE = 60.0

LOOK_LIMIT = 40.0
"""Seconds one look at a VM may take, its connection included."""

AT_ONCE = 2
"""Looks of one kind under way at once."""


class Surroundings:
    """Looks around for one source."""

    def __init__(self, fleet_state: FleetState, source: Source, agent_sessions: AgentSessions) -> None:
        self._fleet_state = fleet_state
        self._source = source
        self._agent_sessions = agent_sessions
        self._files = StateFiles(source.state_files)
        self._origins = Origins(fleet_state, source, agent_sessions)

    async def run(self) -> None:
        """Look around until cancelled; VMs that nobody has may not answer, and hold up nothing else."""
        await self._read_files()
        async with asyncio.TaskGroup() as tasks:
            for look in (self._read_files, self._look_at_ours, self._look_at_free):
                tasks.create_task(_again_and_again(look), name="look around")

    async def look_around(self) -> None:
        """Read the other tools' files, and look at each VM whose turn it is."""
        await self._read_files()
        async with asyncio.TaskGroup() as tasks:
            for look in (self._look_at_ours, self._look_at_free):
                tasks.create_task(look(), name="look around")

    async def learn_parents(self) -> None:
        """Ask the workers of whom nobody wrote down whom they work for."""
        due = [agent for agent in self._origins.due() if agent.kind is AgentKind.WORKER]
        await _few_at_once([partial(self._origins.learn, agent) for agent in due])

    async def _look_at_free(self) -> None:
        """Look at VMs that nobody has, each over a connection of its own."""
        await _few_at_once([partial(self._look_at_unclaimed, vm) for vm in self._unclaimed()])

    async def _look_at_ours(self) -> None:
        """Look at what the API and the links that are up tell at once."""
        await _few_at_once(
            [
                *(partial(self._look_for_gone, vm_id) for vm_id in self._claimed_and_unlisted()),
                *(partial(self._look_elsewhere_for, agent) for agent in self._never_started()),
                *(partial(self._origins.learn, agent) for agent in self._origins.due()),
            ]
        )

    async def _read_files(self) -> None:
        if self._files.target is None:
            return
        claims, troubles = await asyncio.to_thread(self._files.claims)
        self._fleet_state.sightings.put_claims(self._source.name, "files", claims)
        self._fleet_state.put_findings(f"files of {self._source.name}", troubles)

    # --- whose turn it is ----------------------------------------------------------------------------

    def _is_due(self, vm_id: VmId) -> bool:
        known = self._fleet_state.sightings.look_at(vm_id)
        if known is None:
            return True
        wait = AGAIN_AFTER_TROUBLE if known.trouble else AGAIN
        return self._fleet_state.clock.now() - known.at >= wait

    def _unclaimed(self) -> list[Vm]:
        state, now = self._fleet_state, self._fleet_state.clock.now()
        taken = {agent.vm_id for agent in state.agents.values()}
        state.sightings.forget_looks(taken, state.vms)
        found = []
        for vm in state.vms.values():
            ours = not vm.owner or not state.sightings.owners or vm.owner in state.sightings.owners
            free = vm.id not in taken and vm.power is Power.RUNNING and vm.source == self._source.name and not vm.doubt
            if not free or not ours or not self._is_due(vm.id):
                continue
            claims = state.sightings.claims_on(vm.id)
            if not any(map(serves_all, claims)) and not is_being_made(vm, claims, now):
                found.append(vm)
        return found

    def _claimed_and_unlisted(self) -> list[VmId]:
        """Return VMs that the registry has and the list lacks: whether they are gone is asked one by one.

        Another tool's file, and a registry that serves other fleets, too, may speak of VMs that this API never knew:
        only those that were known here can be gone.
        """
        state = self._fleet_state
        if not (health := state.health.get(self._source_service())) or not health.ok or health.unreadable:
            return []
        departed = {vm_id for vm_id, _ in state.departed.values()}
        found: list[VmId] = []
        for claim in state.sightings.claims_of(self._source.name):
            asked = claim.by is ClaimedBy.REGISTRY and self._source.registry_is_own
            known = asked or claim.vm in departed
            if known and claim.vm not in state.vms and claim.vm not in found and self._is_due(claim.vm):
                found.append(claim.vm)
        return found

    def _source_service(self) -> str:
        prefix = f"{self._source.name} vers"
        return prefix if prefix in self._fleet_state.health else "vers"

    def _never_started(self) -> list[Agent]:
        return [
            agent
            for agent in self._fleet_state.agents.values()
            if agent.source == self._source.name
            and agent.process.never_started
            and not agent.process.looked_also_at
            and self._places_besides(agent)
        ]

    def _directories(self, vm_id: VmId) -> tuple[str, ...]:
        """Return where an agent may live: where it is said to, in the usual place, where other tools put theirs."""
        said = [claim.directory for claim in self._fleet_state.sightings.claims_on(vm_id) if claim.directory]
        return tuple(dict.fromkeys((*said, self._source.usual_directory(vm_id), *self._source.known_on(vm_id))))

    def _places_besides(self, agent: Agent) -> tuple[str, ...]:
        everywhere = self._directories(agent.vm_id)
        return tuple(directory for directory in everywhere if directory != agent.directory)

    # --- looking -------------------------------------------------------------------------------------

    async def _look_at_unclaimed(self, vm: Vm) -> None:
        """Look at a VM that nobody has, over a connection of its own."""
        now = self._fleet_state.clock.now()
        directories = self._directories(vm.id)
        try:
            async with asyncio.timeout(LOOK_LIMIT):
                connection = await self._agent_sessions.connect(vm.id)
                try:
                    look = await self._found_on(connection, vm.id, directories)
                finally:
                    await connection.close()
        except TimeoutError:
            look = VmLook(vm.id, now, trouble=f"it did not answer within {LOOK_LIMIT:g} s")
        except CockpitError as error:
            look = VmLook(vm.id, now, trouble=describe(error))
        if vm.id in self._fleet_state.vms:
            self._fleet_state.sightings.put_look(look)

    async def _found_on(self, connection: Connection, vm_id: VmId, directories: tuple[str, ...]) -> VmLook:
        now = self._fleet_state.clock.now()
        found: list[tuple[str, str]] = []
        written: list[float] = []
        for directory in directories:
            seen = await left_there(connection, self._paths(directory), vm_id)
            if seen.state is not AgentState.ABSENT:
                found.append((directory, seen.state.value))
                if seen.written_ago is not None:
                    written.append(now - seen.written_ago)
        found.sort(key=lambda place: place[1] != AgentState.ALIVE)
        who = await who_lives_there(connection, self._paths(found[0][0] if found else directories[0]), vm_id)
        last = max(written) if written else None
        return VmLook(vm_id, now, tuple(found), directories, last, who.load, who.name if found else "")

    def _paths(self, directory: str) -> AgentPaths:
        return replace(self._source.paths, directory=directory)

    async def _look_for_gone(self, vm_id: VmId) -> None:
        now = self._fleet_state.clock.now()
        seen = await self._source.vers.look(vm_id)
        if isinstance(seen, Missing):
            self._fleet_state.sightings.put_look(VmLook(vm_id, now, gone=seen.evidence))
        else:
            self._fleet_state.sightings.put_look(VmLook(vm_id, now, trouble=seen.evidence))

    async def _look_elsewhere_for(self, agent: Agent) -> None:
        """Look for an agent in the other known places, over the link that is up; where it is found it is served."""
        session = self._agent_sessions.agent_session(agent.id)
        connection = session.connection() if session is not None else None
        if connection is None:
            return
        others = self._places_besides(agent)
        found = ""
        try:
            async with asyncio.timeout(LOOK_LIMIT):
                for directory in others:
                    if (
                        await left_there(connection, self._paths(directory), agent.vm_id)
                    ).state is not AgentState.ABSENT:
                        found = directory
                        break
        except (TimeoutError, CockpitError) as error:
            log.info("%s was not looked for elsewhere on VM %s: %s", agent.name, agent.vm_id, error)
            return
        known = self._fleet_state.agents.get(agent.id)
        if known is None or not known.process.never_started:
            return
        if found and self._is_guessed(known):
            moved = replace(known, id=agent_of(known.vm_id, found), directory=found, process=Process())
            await self._agent_sessions.move(known.id, moved)
        else:
            process = replace(known.process, looked_also_at=others)
            self._fleet_state.put_agent(replace(known, process=process))

    def _is_guessed(self, agent: Agent) -> bool:
        """Say whether nobody wrote down where an agent lives: then it may live where other tools put theirs."""
        claims = [claim for claim in self._fleet_state.sightings.claims_on(agent.vm_id) if claim.kind]
        return bool(claims) and all(claim.directory != agent.directory for claim in claims)


async def _again_and_again(look: Callable[[], Awaitable[None]]) -> None:
    while True:
        await look()
        await asyncio.sleep(INTERVAL)


async def _few_at_once(jobs: Sequence[Callable[[], Awaitable[None]]]) -> None:
    limit = asyncio.Semaphore(AT_ONCE)

    async def when_there_is_room(job: Callable[[], Awaitable[None]]) -> None:
        async with limit:
            await job()

    async with asyncio.TaskGroup() as tasks:
        for job in jobs:
            tasks.create_task(when_there_is_room(job), name="look around")


class Lookout:
    """Implements `cockpit.engine.port.LookoutPort` over the surroundings of all sources."""

    def __init__(self, surroundings: Sequence[Surroundings]) -> None:
        self._surroundings = surroundings

    async def look_around(self, timeout: float) -> None:
        """Look around in every source once, for so many seconds at most."""
        await self._in_all(timeout, Surroundings.look_around)

    async def learn_parents(self, timeout: float) -> None:
        """Ask the workers of every source, for so many seconds at most."""
        await self._in_all(timeout, Surroundings.learn_parents)

    async def _in_all(self, timeout: float, look: Callable[[Surroundings], Awaitable[None]]) -> None:
        async def one(around: Surroundings) -> None:
            await look(around)

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout), asyncio.TaskGroup() as tasks:
                for around in self._surroundings:
                    tasks.create_task(one(around), name="look around")
