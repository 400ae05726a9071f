"""Whom agents work for, where nobody wrote it down: their VM's own word, and the lineage of the VM.

An identity file or the agent's environment says it; a worker that was told nothing, and whose VM was made from another
agent's VM, counts as made by that one. What is known already is never replaced.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.agents.scaffold.identity import AgentIdentity, parse_who, who_script
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.engine.commands.registration import PROBE_LIMIT
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.agent_sessions import AgentSessions
from cockpit.errors import CockpitError
from cockpit.model.fleet import Agent, AgentKind, LinkState, ProcessState
from cockpit.model.ids import AgentId, VmId
from cockpit.model.names import looks_like_id

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)


async def who_lives_there(connection: Connection, paths: AgentPaths, vm_id: VmId) -> AgentIdentity:
    """Return who the agent in a directory of a VM is, by its VM's own word.

    Raises:
        CockpitError: the look failed.
    """
    done = await connection.run(who_script(paths), timeout=PROBE_LIMIT)
    return parse_who(done.exit_code, done.stdout, done.stderr, vm=vm_id, place=connection.endpoint.named)


def parent_said(who: AgentIdentity, vm_id: VmId) -> VmId | None:
    """Return the VM of the agent that one says it works for; nobody works for itself."""
    return VmId(who.parent_vm) if looks_like_id(who.parent_vm) and who.parent_vm != vm_id else None


class Origins:
    """Asks each agent whose parent is unknown once for each of its runs."""

    def __init__(self, fleet_state: FleetState, source: Source, agent_sessions: AgentSessions) -> None:
        self._fleet_state = fleet_state
        self._source = source
        self._agent_sessions = agent_sessions
        self._asked: set[tuple[AgentId, str]] = set()

    def due(self) -> list[Agent]:
        """Return the agents that can be asked now."""
        return [
            agent
            for agent in self._fleet_state.agents.values()
            if agent.source == self._source.name
            and not agent.parent
            and agent.parent_vm is None
            and agent.link.state is LinkState.UP
            and agent.process.state is ProcessState.ALIVE
            and (agent.id, agent.process.run_id) not in self._asked
        ]

    async def learn(self, agent: Agent) -> None:
        """Ask for one agent; what cannot be had now is asked for again at its next run."""
        session = self._agent_sessions.agent_session(agent.id)
        connection = session.connection() if session is not None else None
        if connection is None:
            return
        self._asked.add((agent.id, agent.process.run_id))
        try:
            parent, parent_vm = await self._ask(agent, connection)
        except CockpitError as error:
            log.info("whom %s works for is not known: %s", agent.name, error)
            return
        known = self._fleet_state.agents.get(agent.id)
        if known is None or known.parent or known.parent_vm is not None or not (parent or parent_vm):
            return
        learnt = replace(known, parent=parent, parent_vm=parent_vm)
        self._fleet_state.put_agent(learnt)
        await self._agent_sessions.keep_identity(learnt)

    async def _ask(self, agent: Agent, connection: Connection) -> tuple[str, VmId | None]:
        who = await who_lives_there(connection, self._source.paths_of(agent), agent.vm_id)
        if who.says_parent or agent.kind is not AgentKind.WORKER:
            return who.parent, parent_said(who, agent.vm_id)
        return "", await self._forebear(agent)

    async def _forebear(self, agent: Agent) -> VmId | None:
        """Return the VM whose snapshot an agent's VM was made from, if another agent that is known lives there."""
        metadata = await self._source.vers.metadata(agent.vm_id)
        origin = VmId(metadata.grandparent_vm_id.lower())
        lives = self._fleet_state.agent_on(origin) if origin and origin != agent.vm_id else None
        return lives.vm_id if lives is not None else None
