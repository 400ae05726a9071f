"""Reaches the files on the VMs of agents: the way to them is chosen once for each connection and rests when unused."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from cockpit.agents.scaffold.layout import AgentPaths, shell_path
from cockpit.engine.on_vm import LINK_LIMIT, said_by
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import CockpitError, NotFound, Refused
from cockpit.model.files.place import path_on_vm
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.model.refusals.files import to_files
from cockpit.remote.errors import CommandTimedOut, Dropped
from cockpit.remote.files.port import FileAccess
from cockpit.remote.files.shell import LOOK_LIMIT

if TYPE_CHECKING:
    from cockpit.remote.files.choice import FileWays
    from cockpit.remote.ssh.connection import Connection

REST_AFTER = 30.0
"""Seconds without use after which a way gives its channel back."""

# A name of a directory may end with a line feed; the full stop keeps it.
_PLACES = """printf '%s.\\0' "$HOME"
cd {workspace} 2>/dev/null && printf '%s.' "$(pwd -P)"
exit 0
"""


class OutOfReach(Refused):
    """The VM of an agent is not connected, and was not within the time that was given."""


@dataclass(frozen=True, slots=True)
class Reached:
    """An agent's files, within reach."""

    files: FileAccess
    connection: Connection
    workspace: str
    """Its real path, or empty if there is none."""
    home: str
    """Of the VM's user."""

    def path(self, path: str) -> bytes:
        """Return the absolute path that was meant.

        Raises:
            Refused: it begins in the workspace, and there is none.
        """
        if not self.workspace and not path.startswith(("/", "~")):
            raise Refused(f"{path or 'it'} begins in the agent's workspace, which is not there", hint="begin with /")
        return os.fsencode(path_on_vm(path, self.workspace, self.home))

    async def real(self, path: str) -> bytes:
        """Return the real path that was meant, without links.

        Raises:
            RemoteError, Refused: there is no such directory.
        """
        return await self.files.real(self.path(path))


class _Way:
    """The way over one connection, and how many use it."""

    def __init__(self, connection: Connection) -> None:
        from cockpit.remote.files.choice import FileWays  # it loads the library, which a connection has loaded

        self.ways: FileWays = FileWays(connection)
        self.turn = asyncio.Lock()
        self.users = 0
        self.rest: asyncio.TimerHandle | None = None
        self.places: dict[AgentId, tuple[str, str]] = {}


class FileReach:
    """Gives out the way to the files of an agent for as long as it is used."""

    def __init__(
        self,
        fleet_state: FleetState,
        session_of: Callable[[AgentId], AgentSession | None],
        paths_of: Callable[[Agent], AgentPaths],
    ) -> None:
        self.fleet_state = fleet_state
        self._session_of = session_of
        self._paths_of = paths_of
        self._ways: WeakKeyDictionary[Connection, _Way] = WeakKeyDictionary()

    def agent(self, agent_id: AgentId) -> Agent:
        """Return an agent.

        Raises:
            NotFound: there is none.
        """
        agent = self.fleet_state.agents.get(agent_id)
        if agent is None:
            raise NotFound(f"there is no agent {agent_id}")
        return agent

    @asynccontextmanager
    async def now(self, agent_id: AgentId) -> AsyncIterator[Reached]:
        """Give out the way for a look, or say at once why there is none.

        Raises:
            CockpitError: the VM is paused, or its link is not up.
        """
        refusal = to_files(agent_id, self.fleet_state.snapshot())
        if refusal is not None:
            raise Refused(refusal.sentence)
        async with self.within(agent_id, LINK_LIMIT) as reached:
            yield reached

    @asynccontextmanager
    async def within(self, agent_id: AgentId, limit: float) -> AsyncIterator[Reached]:
        """Give out the way once the link is up, waiting for it at most `limit` seconds.

        Raises:
            OutOfReach: it does not come up in time.
            CockpitError: where its files are cannot be told.
        """
        agent = self.agent(agent_id)
        session = self._session_of(agent_id)
        if session is None or session.link is None:
            raise Refused(f"{agent.name} is not attached", hint="its place is on no list: see `cockpit vms`")
        try:
            connection = await session.link.ready(limit)
        except CockpitError as error:
            raise OutOfReach(error.message, hint=error.hint) from error
        way = self._ways.setdefault(connection, _Way(connection))
        way.users += 1
        if way.rest is not None:
            way.rest.cancel()
        try:
            async with way.turn:
                home, workspace = way.places.get(agent_id, ("", ""))
                if not workspace:  # one that is not there may be made at any time
                    home, workspace = way.places[agent_id] = await self._places(connection, agent)
                files = await way.ways.chosen(os.fsencode(home))
            yield Reached(files, connection, workspace, home)
        except (Dropped, CommandTimedOut):
            way.ways.rest()  # the session may be stuck or gone, while the connection lives
            raise
        finally:
            way.users -= 1
            if way.users == 0:
                way.rest = asyncio.get_running_loop().call_later(REST_AFTER, way.ways.rest)

    async def _places(self, connection: Connection, agent: Agent) -> tuple[str, str]:
        """Return the home of the VM's user and the real path of the agent's workspace, empty if there is none."""
        workspace = shell_path(self._paths_of(agent).workspace)
        done = await connection.run(_PLACES.format(workspace=workspace), timeout=LOOK_LIMIT, limit=16_384)
        home, separator, place = done.stdout.partition(b".\0")
        if done.exit_code != 0 or not separator or not home.startswith(b"/"):
            raise Refused(f"where the files of {agent.name} are is not known: {said_by(done)}")
        return os.fsdecode(home), os.fsdecode(place.removesuffix(b"."))
