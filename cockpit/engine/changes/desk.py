"""All that is done about the workspaces of agents, joined for the engine."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.engine.changes.comments import CommentDesk
from cockpit.engine.changes.turns import TurnKeeper
from cockpit.engine.changes.workspaces import Workspaces
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.model.commands.command import Command
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId, CommandId
from cockpit.store.store import Store


class WorkDesk:
    """Implements `cockpit.engine.work_port.WorkPort`."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        session_of: Callable[[AgentId], AgentSession | None],
        paths_of: Callable[[Agent], AgentPaths],
        dispatch: Callable[[Command], CommandId],
    ) -> None:
        self.changes = Workspaces(fleet_state, store, session_of, paths_of)
        self.comments = CommentDesk(fleet_state, store, self.changes, paths_of, dispatch)
        self.turns = TurnKeeper(fleet_state, self.changes, session_of, paths_of, store.leases.holds)

    async def close(self) -> None:
        """Let what is being kept come to its end, for a moment."""
        await self.turns.close()
