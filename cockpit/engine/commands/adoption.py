"""Taking over an agent that somebody else started: found on its VM, named, registered, and touched in no other way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from cockpit.agents.adapter import Program
from cockpit.agents.scaffold.answers import AgentState
from cockpit.engine.agent_record import with_protocol
from cockpit.engine.commands.names import Names
from cockpit.engine.commands.registration import left_there, register, remember
from cockpit.engine.living import living
from cockpit.engine.operation import OperationProgress
from cockpit.engine.origins import parent_said, who_lives_there
from cockpit.engine.saving import saved
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import NotFound
from cockpit.model.commands.life import Adopt
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId, agent_of
from cockpit.store.store import Store

CONNECT_LIMIT = 60.0
"""Seconds the VM has to let us in."""


class Adoption:
    """Takes agents over; nothing is sent to them, started or ended."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        source: Source,
        names: Names,
        attach: Callable[[Agent], AgentSession],
        detach: Callable[[AgentId], None],
    ) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._names = names
        self._attach = attach
        self._detach = detach

    async def adopt(self, adopt: Adopt, progress: OperationProgress) -> None:
        """Take an agent over.

        Raises:
            CockpitError: there is none, or its VM cannot be reached; then this cockpit knows as little of it as before.
        """
        first, *others = self._directories(adopt)
        ghosts = [agent for agent in self._fleet_state.agents.values() if agent.vm_id == adopt.vm]
        async with self._names.reserved(adopt.name, adopt.vm):
            for directory in (first, *others):
                agent = Agent(
                    agent_of(adopt.vm, directory),
                    adopt.name,
                    adopt.kind,
                    adopt.vm,
                    role=adopt.role,
                    source=self._source.name,
                    directory=directory,
                )
                self._fleet_state.put_agent(agent)
                progress.agent(agent.id)
                session = self._attach(agent)
                session.hold()
                found: Agent | None = None
                try:
                    found = await self._look(agent, session, progress)
                finally:
                    if found is None:
                        self._detach(agent.id)
                        self._fleet_state.agents.pop(agent.id, None)
                        self._fleet_state.changed()
                if found is not None:
                    agent = found
                    break
            else:
                also = f", looked also at {', '.join(others)}" if others else ""
                raise NotFound(
                    f"no agent at {first} on {self._source.place_words(adopt.vm)}{also}",
                    hint="say where it lives with --directory, or spawn one",
                )
            now = self._fleet_state.clock.now()
            await self._drop(ghost for ghost in ghosts if ghost.id != agent.id and ghost.process.never_started)
            self._fleet_state.put_agent(agent)
            await remember(self._store, self._source, agent, now)
            session.go_on()
            with progress.step("register"):
                await register(self._source, agent, now, progress)

    def _directories(self, adopt: Adopt) -> tuple[str, ...]:
        """Return where to look for the agent: where it lives as far as is known, then all the known places.

        Raises:
            UsageError: the directory that was given is none.
        """
        if adopt.directory:
            return (replace(self._source.paths, directory=adopt.directory).directory,)
        look = self._fleet_state.sightings.look_at(adopt.vm)
        seen = [directory for directory, _ in look.found] if look is not None else []
        said = [claim.directory for claim in self._fleet_state.sightings.claims_on(adopt.vm) if claim.directory]
        usual = (self._source.directory_on(adopt.vm), *self._source.known_on(adopt.vm))
        return tuple(dict.fromkeys((*seen, *said, *usual)))

    async def _drop(self, ghosts: Iterable[Agent]) -> None:
        """Show an agent no more that was never started in its directory: the one that was meant is here now."""
        for ghost in ghosts:
            self._detach(ghost.id)
            self._fleet_state.agents.pop(ghost.id, None)
            self._fleet_state.changed()
            await saved(self._store.forget_agent(ghost.id))

    async def _look(self, agent: Agent, session: AgentSession, progress: OperationProgress) -> Agent | None:
        """Return the agent with what its VM tells of it; None if there is none in its directory.

        Raises:
            CockpitError: the VM cannot be reached, or the look failed.
        """
        with progress.step("connect"):
            assert session.link is not None
            connection = await session.link.ready(CONNECT_LIMIT)
        with progress.step("look for an agent"):
            found = await left_there(connection, self._source.paths_of(agent), agent.vm_id)
            if found.state is AgentState.ABSENT:
                progress.detail(f"none at {agent.directory}")
                return None
            identity = await who_lives_there(connection, self._source.paths_of(agent), agent.vm_id)
            program = found.program or program_called(identity.command, self._source.programs)
            by = "" if found.program else "started by another tool"
            words = (program, found.version, by, found.state.value, f"at {agent.directory}")
            progress.detail(" ".join(word for word in words if word))
        return with_protocol(
            replace(
                living(agent.id, self._fleet_state),
                program=program,
                program_path=found.path,
                version=found.version,
                parent=identity.parent,
                parent_vm=parent_said(identity, agent.vm_id),
            )
        )


def program_called(command: Sequence[str], programs: Iterable[Program]) -> str:
    """Return the kind of agent whose program stands in a command line; empty where none does, or several do.

    Args:
        command: its first words; the agent's own, so that they prove nothing.
        programs: those that are known.
    """
    words = {word.rpartition("/")[2] for word in command}
    found = {program.name for program in programs if (program.command or program.name) in words}
    return found.pop() if len(found) == 1 else ""
