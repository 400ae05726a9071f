"""Keeps the state of a workspace when a text is sent and when a turn ends, behind everything else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.workspace import scripts
from cockpit.engine.changes.workspaces import GitMissing, Workspaces, answered
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import CockpitError
from cockpit.model.changes.report import Base, SnapshotKind, Workspace
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)

AT_ONCE = 3
"""Workspaces that are kept at the same time: each costs its VM some work, and this process a channel."""

CLOSE_LIMIT = 2.0
"""Seconds that what is being kept gets when the cockpit ends."""

SAID = 160
"""Characters of a text that are kept with the state before it."""


class TurnKeeper:
    """Told of texts and of ends of runs; it answers at once, and what it does fails alone."""

    def __init__(
        self,
        fleet_state: FleetState,
        workspaces: Workspaces,
        session_of: Callable[[AgentId], AgentSession | None],
        paths_of: Callable[[Agent], AgentPaths],
        is_ours: Callable[[AgentId], bool],
    ) -> None:
        """Prepare.

        Args:
            is_ours: says whether this cockpit records an agent: of several, one keeps the ends of its turns.
        """
        self._fleet_state = fleet_state
        self._workspaces = workspaces
        self._session_of = session_of
        self._paths_of = paths_of
        self._is_ours = is_ours
        self._turns: dict[AgentId, int] = {}
        self._waiting: set[tuple[AgentId, SnapshotKind]] = set()
        self._locks: dict[AgentId, asyncio.Lock] = {}
        self._room = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def text_sent(self, agent: Agent, text: str) -> None:
        """Keep the state before a text, unless the agent is at work: then the turn began before."""
        if not agent.run_open:
            self._turns.setdefault(agent.id, agent.turns)
            self._begin(agent, SnapshotKind.PROMPT, " ".join(text.split())[:SAID])

    def run_ended(self, agent: Agent) -> None:
        """Keep the state after a run, and find out what its row shows; a run without a tool changed no file."""
        before, self._turns[agent.id] = self._turns.get(agent.id), agent.turns
        only_said = before is not None and agent.turns - before <= 1 and agent.stop_reason == "stop"
        if not only_said and self._is_ours(agent.id):
            self._begin(agent, SnapshotKind.END, "")

    async def close(self) -> None:
        """Let what is being kept come to its end, for a moment; on the VM it goes on without us."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_LIMIT)
        for task in list(self._tasks):
            task.cancel()

    def _begin(self, agent: Agent, kind: SnapshotKind, text: str) -> None:
        session = self._session_of(agent.id)
        if session is None or session.connection() is None or (agent.id, kind) in self._waiting:
            return
        self._waiting.add((agent.id, kind))
        task = asyncio.create_task(
            self._keep(agent.id, kind, text, agent.turns), name=f"keep the workspace of {agent.name}"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep(self, agent_id: AgentId, kind: SnapshotKind, text: str, turns: int) -> None:
        async with self._locks.setdefault(agent_id, asyncio.Lock()), self._room:
            self._waiting.discard((agent_id, kind))
            agent, session = self._fleet_state.agents.get(agent_id), self._session_of(agent_id)
            connection = session.connection() if session is not None else None
            if agent is None or connection is None:
                return
            paths = self._paths_of(agent)
            script = scripts.keep_script(paths, kind, text)
            try:
                answer = await answered(connection, script, agent, limit=scripts.KEEP_LIMIT, staying=True)
                if kind is SnapshotKind.PROMPT and self._has_begun(agent_id, turns) and "key" in answer.head:
                    # It had a tool before its files were kept: how they were at the end before is nearer the truth.
                    late = scripts.late_script(paths, answer.head["key"].text, text)
                    await answered(connection, late, agent, limit=scripts.KEEP_LIMIT)
            except GitMissing:
                await self._list(agent, connection, kind)
                return
            except CockpitError as error:
                log.info("the workspace of %s is not kept: %s", agent.name, error)
                self._unknown(agent_id, error.message)
                return
            if kind is SnapshotKind.END:
                self._workspaces.show(self._workspaces.read(agent_id, Base(), answer))

    async def _list(self, agent: Agent, connection: Connection, kind: SnapshotKind) -> None:
        try:
            await self._workspaces.list_for(agent, connection, kind)
        except CockpitError as error:
            log.info("the files of %s are not listed: %s", agent.name, error)
            self._unknown(agent.id, error.message)

    def _has_begun(self, agent_id: AgentId, turns: int) -> bool:
        """Say whether an agent had a tool since it had so many turns: with each that has one, another turn follows."""
        agent = self._fleet_state.agents.get(agent_id)
        return agent is not None and (agent.turns > turns + 1 or bool(agent.activity.tools))

    def _unknown(self, agent_id: AgentId, why: str) -> None:
        agent = self._fleet_state.agents.get(agent_id)
        if agent is not None:
            known = agent.workspace or Workspace(self._fleet_state.clock.now())
            self._fleet_state.put_agent(replace(agent, workspace=replace(known, fault=why)))
