"""Agents that another cockpit records: this one follows what that one stores, and records when it is gone.

The one that holds an agent's lease reads from the VM and writes; the others fold what the store gets, so that they see
the same without a reader of their own. A recording cockpit that is stuck, or whose disk refuses, keeps its lease: so
the store is compared with the file now and then, and where it stays behind the agent is read here too, unrecorded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cockpit.engine.state import FleetState
from cockpit.engine.streams.cursors import from_stored
from cockpit.engine.streams.recorder import Recorder
from cockpit.errors import CockpitError
from cockpit.model.ids import AgentId
from cockpit.remote.errors import Dropped, FileChanged
from cockpit.remote.ssh.files import lines_after
from cockpit.store.store import Store

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)

POLL = 0.25
"""Seconds between two looks at the store and at the leases; one look for all followed agents together."""

QUIET_LIMIT = 10.0
"""Seconds in which the recording cockpit must have stored what an agent's file held at a comparison."""

COMPARISON_INTERVAL = 30.0
"""Seconds between two comparisons: each costs the VM a small command."""

Place = tuple[int, int]
"""Epoch and line."""

NOWHERE: Place = (0, 0)
"""Before the first line."""


@dataclass(frozen=True, slots=True)
class _Followed:
    """An agent that waits for its lease."""

    ours: asyncio.Future[None]
    look: Callable[[], None]
    """To be called when the stream told of a start or an end of the agent's process."""

    def fail(self, error: Exception) -> None:
        """End the following with an error."""
        if not self.ours.done():
            self.ours.set_exception(error)


async def first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Run works until one of them has ended, end the others, and raise what any of them raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if not task.cancelled():
            task.result()


class Following:
    """Who records what; and one look at the store for all agents that another cockpit records."""

    def __init__(self, fleet_state: FleetState, store: Store, recorder: Recorder) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._recorder = recorder
        self._followed: dict[AgentId, _Followed] = {}
        self._places: dict[AgentId, Place] = {}
        """How far the store was when it was last folded, of each followed agent."""
        self._missed: dict[AgentId, Place] = {}
        """What the store did not get in time, of the agents where it stays behind."""
        self._looking: asyncio.Task[None] | None = None

    # --- the lease -------------------------------------------------------------------------------

    def take(self, agent: AgentId) -> bool:
        """Take an agent's lease if no other cockpit has it; say whether it is ours now."""
        return self._store.leases.take(agent)

    def is_ours(self, agent: AgentId) -> bool:
        """Say whether this cockpit records an agent."""
        return self._store.leases.holds(agent)

    async def let_go(self, agent: AgentId) -> None:
        """Give an agent's lease back, its state saved before: another cockpit may record it now."""
        if self.is_ours(agent):
            try:
                await self._recorder.save_changed(agent)
            finally:
                self._store.leases.release(agent)

    # --- following -------------------------------------------------------------------------------

    async def until_ours(self, agent: AgentId, look: Callable[[], None]) -> None:
        """Fold what another cockpit stores of an agent until that one lets go of it; the lease is ours then.

        Args:
            agent: which one.
            look: called when the stream told of a start or an end of the agent's process.

        Raises:
            StoreError: the store cannot be read.
        """
        followed = _Followed(asyncio.get_running_loop().create_future(), look)
        self._followed[agent] = followed
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on(), name="follow the store")
        try:
            # What was stored before is not news to the look; from here on nothing can fall in between.
            await self._recorder.catch_up(agent)
            await followed.ours
        finally:
            self._followed.pop(agent, None)
            self._places.pop(agent, None)

    async def close(self) -> None:
        """End the looking."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look_on(self) -> None:
        """Look while any agent is followed; what fails ends the following of those it concerns, who say so."""
        while self._followed:
            for agent, followed in list(self._followed.items()):
                self._try(agent, followed)
            agents = list(self._followed)
            # Of an agent that is new here something may have been stored between its first reading and this look.
            anyway = not self._places.keys() >= self._followed.keys()
            try:
                places = await self._store.progress.news(agents, anyway=anyway)
            except Exception as error:
                for followed in self._followed.values():
                    followed.fail(error)
            else:
                await self._fold_news(agents, places or {})
            await asyncio.sleep(POLL)

    def _try(self, agent: AgentId, followed: _Followed) -> None:
        try:
            if not followed.ours.done() and self.take(agent):
                followed.ours.set_result(None)
        except CockpitError as error:
            followed.fail(error)

    async def _fold_news(self, agents: list[AgentId], places: dict[AgentId, Place]) -> None:
        for agent in agents:
            followed = self._followed.get(agent)
            if followed is None or followed.ours.done():
                continue
            known = self._places.setdefault(agent, NOWHERE)
            place = places.get(agent, known)
            try:
                if place != known:
                    await self._fold(agent, followed)
            except Exception as error:
                followed.fail(error)
            else:
                if self._followed.get(agent) is followed:
                    self._places[agent] = place

    async def _fold(self, agent_id: AgentId, followed: _Followed) -> None:
        before = self._fleet_state.agents.get(agent_id)
        if before is not None and not before.dialect:
            await self._recorder.recall_dialect(agent_id)
        await self._recorder.catch_up(agent_id)
        after = self._fleet_state.agents.get(agent_id)
        if before is not None and after is not None and before.process is not after.process:
            followed.look()

    # --- comparing -------------------------------------------------------------------------------

    async def until_behind(self, agent: AgentId, connection: Connection, path: str, level: Callable[[], None]) -> None:
        """Compare the store with an agent's file again and again; return once the store stays behind.

        Args:
            agent: whose file.
            connection: to the agent's VM.
            path: of the file there.
            level: called each time when everything that the file held at a comparison has been folded.

        Raises:
            Dropped: the connection ended.
            StoreError: the store cannot be read.
        """
        while await self._keeps_up(agent, connection, path):
            level()
            await asyncio.sleep(COMPARISON_INTERVAL)

    async def until_level(self, agent: AgentId) -> None:
        """Return once the store has what it missed of an agent, and everything that was read here meanwhile."""
        missed = self._missed.pop(agent, NOWHERE)
        stored = await self._stored(agent)
        while stored < missed or stored < self._shown(agent):
            await asyncio.sleep(POLL)
            stored = await self._stored(agent)

    async def _keeps_up(self, agent: AgentId, connection: Connection, path: str) -> bool:
        """Fold what an agent's file holds now; False if the store does not get it in time."""
        goal: Place | None = None
        epoch, line = await self._stored(agent)
        try:
            async with asyncio.timeout(QUIET_LIMIT):
                goal = await self._goal(agent, connection, path)
                while goal is None or await self._stored(agent) < goal:
                    await asyncio.sleep(POLL)
                    goal = goal or await self._goal(agent, connection, path)
        except TimeoutError:
            self._missed[agent] = goal or (epoch, line + 1)
            return False
        await self._recorder.catch_up(agent)
        return True

    async def _goal(self, agent: AgentId, connection: Connection, path: str) -> Place | None:
        """Return the place behind the last whole line of an agent's file; None while that cannot be told."""
        stored = await self._store.cursor(agent)
        cursor = from_stored(stored) if stored else None
        try:
            count = await lines_after(connection, path, cursor, timeout=QUIET_LIMIT)
        except FileChanged:
            return None  # the recording cockpit is about to find that out
        except Dropped:
            raise
        except CockpitError as error:
            log.warning("agent %s: its file cannot be compared with the store: %s", agent, error)
            return None
        if stored is None or cursor is None:
            return None if count else NOWHERE
        return stored.epoch, stored.line + count

    async def _stored(self, agent: AgentId) -> Place:
        stored = await self._store.cursor(agent)
        return (stored.epoch, stored.line) if stored else NOWHERE

    def _shown(self, agent_id: AgentId) -> Place:
        agent = self._fleet_state.agents.get(agent_id)
        return (agent.epoch, agent.line) if agent else NOWHERE
