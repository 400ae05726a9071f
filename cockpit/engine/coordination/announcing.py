"""What an agent's own extension would say on the feed, said for those that have none: each prompt's begin and end.

Exactly once each: what is to be said is written down before it is said, under the place where the run began, which is
the same for every reader. Of the processes that share a history the one that records the agent says it; a cockpit of
another history waits, and says it only if nobody did.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cockpit.engine.cockpit_id import cockpit_id
from cockpit.engine.running_source import RunningSource
from cockpit.engine.saving import saved
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError
from cockpit.model.events import Record
from cockpit.model.fleet import ActivityState, Agent
from cockpit.model.ids import AgentId
from cockpit.model.provider_words import said_in
from cockpit.services.feed import FeedClient
from cockpit.store.announced import Announcement
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

log = logging.getLogger(__name__)

STARTED, STOPPED, FAILED = "agent_started", "agent_stopped", "task_failed"

DECIDE_LIMIT = 60.0
"""Seconds after which it is known who records an agent, and how it was started; what is still open then is dropped."""

OTHERS_FIRST = 20.0
"""Seconds that the cockpit which started an agent gets to say it, before another one does."""

PAUSE = 1.0
"""Seconds between two looks at what waits for something."""

RETRY = 10.0
"""Seconds until a feed that did not take something is asked again."""

LOOK_BACK = 200
"""Events of an agent that are looked through for one that may have been said."""

ERROR_LINE = 200
"""Characters of an error in a summary; its detail has all of it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A begin or an end, as it was read."""

    agent: Agent
    """As it was then."""
    at: float
    place: str = ""
    """Of a begin."""


class Announcer:
    """Implements `cockpit.engine.state.RunWatcher`."""

    def __init__(self, running: Sequence[RunningSource], fleet_state: FleetState, store: Store) -> None:
        self._running = {one.name: one for one in running}
        self._fleet_state = fleet_state
        self._store = store
        self._seen: list[Seen] = []
        self._woken = asyncio.Event()
        fleet_state.run_watcher = self

    def run_began(self, agent: Agent, record: Record) -> None:
        """Take that a run of an agent began with a line."""
        self._take(Seen(agent, self._fleet_state.clock.now(), f"{agent.process.run_id}:{record.offset}"))

    def run_ended(self, agent: Agent) -> None:
        """Take that a run of an agent ended."""
        self._take(Seen(agent, self._fleet_state.clock.now()))

    def _take(self, seen: Seen) -> None:
        self._seen.append(seen)
        self._woken.set()

    async def run(self) -> None:
        """Say what is to be said, until cancelled."""
        own = await cockpit_id(self._store)
        pause: float | None = 0.0
        while True:
            try:
                async with asyncio.timeout(pause):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()
            try:
                await self._write_down(own)
                pause = await self._say_owed()
            except StoreError as error:
                log.error("what is to be said of agents is not kept: %s", error)
                pause = RETRY
            if self._seen:
                pause = PAUSE

    # --- what is to be said --------------------------------------------------------------------------

    async def _write_down(self, own: str) -> None:
        seen, self._seen = self._seen, []
        undecided: set[AgentId] = set()
        for one in seen:
            agent = self._fleet_state.agents.get(one.agent.id)
            if agent is None or self._fleet_state.clock.now() - one.at > DECIDE_LIMIT:
                continue
            scaffold = agent.process.scaffold
            # An end must not overtake its begin.
            if one.agent.id in undecided or scaffold is None or not self._store.leases.holds(agent.id):
                undecided.add(one.agent.id)
                self._seen.append(one)
            elif scaffold.reports.startswith("cockpit"):
                await self._owe(one, agent, ours=scaffold.reports == f"cockpit {own}")

    async def _owe(self, seen: Seen, agent: Agent, *, ours: bool) -> None:
        """Write down what is to be said of a begin or an end."""
        then, log_of = seen.agent, self._store.announced
        task = self._task_of(agent)
        one = Announcement(
            then.id,
            seen.place,
            STARTED,
            seen.at,
            agent.name,
            agent.vm_id,
            agent.source,
            f"Agent {agent.name} started processing{self._late(agent)}",
            task=task,
            ours=ours,
            tokens=then.usage.tokens,
            cost=then.usage.cost,
            turns=then.turns,
        )
        if seen.place:
            await log_of.owe(one)
            return
        began = await log_of.open_run(then.id)
        if began is None:
            return
        turns, tokens = then.turns - began.turns, then.usage.tokens - began.tokens
        spent = f"{turns} turns, {tokens} tokens, ${then.usage.cost - began.cost:.2f}"
        words = f"Agent {agent.name} finished ({spent}){self._late(agent)}"
        await log_of.owe(replace(one, place=began.place, kind=STOPPED, summary=words))
        if then.activity.state is ActivityState.ERROR:
            error = then.activity.error or "it did not say why"
            line = " ".join(said_in(error).split())[:ERROR_LINE]
            failed = replace(one, place=began.place, kind=FAILED, summary=f"{agent.name} failed: {line}", detail=error)
            await log_of.owe(failed)

    def _task_of(self, agent: Agent) -> str:
        """Return the one task that an agent has in progress, or empty text."""
        having = [task.id for task in self._fleet_state.tasks if task.assignee == agent.name]
        begun = [
            task.id
            for task in self._fleet_state.tasks
            if task.id in having and task.status in ("in_progress", "blocked")
        ]
        return begun[0] if len(begun) == 1 else ""

    def _late(self, agent: Agent) -> str:
        """Say that it was read late, where the agent's output is not read to its end."""
        running = self._running.get(agent.source)
        current = running is not None and agent.id in running.agent_sessions.read_to_the_end()
        return "" if current or running is None else " (read late)"

    # --- saying it -----------------------------------------------------------------------------------

    async def _say_owed(self) -> float | None:
        """Say what is owed; return in how many seconds to look again, None if nothing is left."""
        again: list[float] = []
        for one in await self._store.announced.owed():
            running = self._running.get(one.source)
            feed = running.source.told_to if running is not None else None
            if feed is None or not self._store.leases.holds(one.agent):
                again.append(RETRY)
                continue
            waits = 0.0 if one.ours else one.at + OTHERS_FIRST - self._fleet_state.clock.now()
            if waits > 0:
                again.append(waits)
                continue
            try:
                await self._say(feed, one)
            except CockpitError as error:
                log.info("%s of %s is not on the feed yet: %s", one.kind, one.name, error)
                again.append(RETRY)
        return min(again, default=None)

    async def _say(self, feed: FeedClient, one: Announcement) -> None:
        """Say one, unless it was said.

        Raises:
            CockpitError: the feed did not take it, or that is not known.
        """
        if one.tried or not one.ours:
            events = await feed.list_events(agent=one.name, kind=one.kind, limit=LOOK_BACK)
            if any(event.place == one.place for event in events):
                await saved(self._store.announced.said(one))
                return
        await self._store.announced.trying(one)
        about = {"by": "cockpit", "vmId": one.vm, "place": one.place} | ({"taskId": one.task} if one.task else {})
        await feed.publish(one.name, one.kind, one.summary, detail=one.detail, metadata=about)
        await saved(self._store.announced.said(one))
