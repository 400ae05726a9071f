"""What an agent's program wrote on standard error: the end of its file on the VM."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.agents.scaffold.layout import AgentPaths, shell_path
from cockpit.engine.on_vm import connection_of, said_by
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import NotFound, Refused
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.model.last_words import LastWords

LOOK_LIMIT = 30.0
"""Seconds a look at the file may take."""

MOST_BYTES = 1 << 20
"""How much of the end of the file is brought."""

_LAST = """[ -f {path} ] || exit 3
wc -c <{path}
tail -c "$2" {path} | tail -n "$1"
"""
_NO_FILE = 3


class StandardError:
    """Implements `cockpit.engine.port.StandardErrorPort`."""

    def __init__(
        self,
        fleet_state: FleetState,
        session_of: Callable[[AgentId], AgentSession | None],
        paths_of: Callable[[Agent], AgentPaths],
    ) -> None:
        self._fleet_state = fleet_state
        self._session_of = session_of
        self._paths_of = paths_of

    async def last(self, agent_id: AgentId, lines: int) -> LastWords:
        """Return the last lines."""
        agent = self._fleet_state.agents.get(agent_id)
        if agent is None:
            raise NotFound(f"there is no agent {agent_id}")
        path = self._paths_of(agent).file("err")
        connection = await connection_of(self._session_of(agent_id), agent_id)
        script = _LAST.format(path=shell_path(path))
        done = await connection.run(script, str(lines), str(MOST_BYTES), timeout=LOOK_LIMIT, limit=MOST_BYTES + 64)
        if done.exit_code == _NO_FILE:
            return LastWords(path, 0, ())
        size, _, said = done.stdout.partition(b"\n")
        if done.exit_code != 0 or not size.strip().isdigit():
            raise Refused(f"{path} of {agent.name} cannot be read: {said_by(done)}")
        text = said.decode("utf-8", "replace").removesuffix("\n")
        return LastWords(path, int(size), tuple(text.split("\n")) if text else ())
