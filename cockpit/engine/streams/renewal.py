"""Keeping an agent's output file within its bound: once the agent is idle and all of it is stored, it begins anew."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cockpit.agents.scaffold.answers import AgentState, ProbeResult
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.scaffold.renewal import parse_renewal, renew_script
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError
from cockpit.model.fleet import ActivityState
from cockpit.model.ids import AgentId
from cockpit.remote.errors import Dropped
from cockpit.store.store import Store

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)

RENEWAL_LIMIT = 60.0
"""Seconds a VM has to copy the file."""

AT_REST = (ActivityState.IDLE, ActivityState.DONE_UNSEEN, ActivityState.ABORTED)


class OutputRenewal:
    """Begins one agent's output file anew when it is too large; only by the cockpit that records the agent."""

    def __init__(
        self, fleet_state: FleetState, store: Store, agent: AgentId, paths: AgentPaths, place: str, bound: int
    ):
        """Prepare.

        Args:
            place: what the agent lives on, as messages name it.
            bound: bytes above which the file is too large; 0 sets none.
        """
        self.bound = bound
        self._fleet_state = fleet_state
        self._store = store
        self._agent = agent
        self._paths = paths
        self._place = place

    async def after_look(self, connection: Connection, found: ProbeResult) -> None:
        """Begin the file anew if a look found it too large and nothing stands against it; a failure waits for the next.

        Raises:
            Dropped: the connection ended.
        """
        if not 0 < self.bound < found.out_size or found.state is not AgentState.ALIVE or not self._at_rest():
            return
        if not found.run_id:
            # Somebody else started it, and may count the lines of its file.
            return
        try:
            await self._store.flush()
            cursor = await self._store.cursor(self._agent)
            if not self._store.leases.holds(self._agent) or cursor is None or cursor.offset != found.out_size:
                return
            # The script truncates nothing unless the file ends where the store does.
            script = renew_script(self._paths, cursor.offset)
            done = await connection.run(script, timeout=RENEWAL_LIMIT)
            renewal = parse_renewal(done.exit_code, done.stdout, done.stderr, place=self._place)
        except Dropped:
            raise
        except CockpitError as error:
            log.warning("agent %s: its output file of %d bytes stays: %s", self._agent, found.out_size, error)
            return
        if renewal.renewed:
            log.info("agent %s: its output file of %d bytes was begun anew", self._agent, found.out_size)

    def _at_rest(self) -> bool:
        agent = self._fleet_state.agents.get(self._agent)
        return agent is not None and not agent.run_open and agent.activity.state in AT_REST
