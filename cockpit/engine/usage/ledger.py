"""The ledger: what is known of spending, from the store and the services, kept at hand and summed up."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError
from cockpit.model.content import Usage
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.ids import AgentId, VmId
from cockpit.model.usage.bucket import Bucket
from cockpit.model.usage.days import day_of
from cockpit.model.usage.rates import HOUR, MINUTE, day_spending
from cockpit.model.usage.spending import DaySpending
from cockpit.services.errors import ServiceMissing
from cockpit.store.store import Store

log = logging.getLogger(__name__)

FIRST_SPAN, LATER_SPAN = "7d", "24h"
"""What is asked of a service first, and from then on."""

ASK_INTERVAL = 60.0
"""Seconds between two questions to a service: it tells of finished prompts only."""


class Ledger:
    """What was spent, as the store and the services of all sources know it."""

    def __init__(self, running: Sequence[RunningSource], fleet_state: FleetState, store: Store) -> None:
        self._running = tuple(running)
        self._fleet_state = fleet_state
        self._store = store
        self._mark = (0, 0)
        self._totals: dict[AgentId, Usage] = {}
        self._rest: dict[AgentId, Usage] = {}
        self._asked: dict[str, float] = {}
        self._counted = False
        self.missing: dict[str, str] = {}
        """Why a service's records could not be had, by the name of its source."""
        self.former: tuple[Agent, ...] = ()
        """Agents that are remembered, and not in the fleet."""

    async def count_older(self) -> None:
        """Count what an older version stored.

        Raises:
            StoreError: the disk refused.
        """
        while not self._counted:
            self._counted = not await self._store.usage.count_older()

    async def ask_services(self, *, anyway: bool = False) -> bool:
        """Take over what services tell, if it is time for that; say whether any was asked.

        Args:
            anyway: whether or not it is time.
        """
        asked = False
        for running in self._running:
            services, now = running.source.present, self._fleet_state.clock.now()
            last = self._asked.get(running.name)
            if services is None or (last is not None and now - last < ASK_INTERVAL and not anyway):
                continue
            self._asked[running.name] = now
            asked = True
            try:
                told = await services.usage.sessions(span=FIRST_SPAN if last is None else LATER_SPAN)
            except ServiceMissing:
                self.missing.pop(running.name, None)
                continue
            except CockpitError as error:
                # What the agents' own output says stands without.
                log.info("usage of %s: %s", running.name, error)
                self.missing[running.name] = f"the usage records of {running.name}: {error.message}"
                continue
            self.missing.pop(running.name, None)
            known = [one for one in told.entries if one.id and one.ended_at]
            await self._store.usage.add_service(running.name, known)
        return asked

    async def look(self, *, asked: bool) -> None:
        """Read what changed in the store.

        Args:
            asked: services were asked since the last look.

        Raises:
            StoreError: the store cannot be read.
        """
        rows = await self._store.agents()
        present = self._fleet_state.agents
        self.former = tuple(
            Agent(
                row.id,
                row.name,
                _kind(row.kind),
                VmId(row.vm_id),
                parent=row.parent,
                parent_vm=VmId(row.parent_vm) if row.parent_vm else None,
                source=self._running[0].name,
            )
            for row in rows
            if row.id not in present
        )
        newest, number = await self._store.usage.mark()
        if (newest, number) != self._mark:
            # What was taken away again is not told by the newest ones: then all are read.
            whole = number - self._mark[1] != newest - self._mark[0] or not self._totals
            more = await self._store.usage.totals(0 if whole else self._mark[0])
            self._totals = more if whole else _merged(self._totals, more)
            self._mark = (newest, number)
        if asked or self._rest:  # what services told alone may have been read by now
            rest: dict[AgentId, Usage] = {}
            for bucket in await self._store.usage.service_rest(0.0, self.ids()):
                if bucket.agent is not None:
                    rest[bucket.agent] = rest.get(bucket.agent, Usage()) + bucket.usage
            self._rest = rest

    def totals(self) -> dict[AgentId, Usage]:
        """Return what each agent spent since the beginning."""
        return _merged(self._totals, self._rest)

    def ids(self) -> dict[str, list[AgentId]]:
        """Return the agents that bear, or bore, each name."""
        found: dict[str, list[AgentId]] = {}
        for agent in (*self._fleet_state.agents.values(), *self.former):
            found.setdefault(agent.name, []).append(agent.id)
        return found

    def names(self) -> dict[AgentId, str]:
        """Return how each agent is, or was, called."""
        return {agent.id: agent.name for agent in (*self.former, *self._fleet_state.agents.values())}

    async def buckets(self, since: float, width: float) -> list[Bucket]:
        """Return what was spent since a moment: as the output says, and what services told beyond that.

        Raises:
            StoreError: the store cannot be read.
        """
        read = await self._store.usage.buckets(since, width)
        return [*read, *await self._store.usage.service_rest(since, self.ids())]

    async def day(self) -> DaySpending:
        """Return what is spent today.

        Raises:
            StoreError: the store cannot be read.
        """
        now = self._fleet_state.clock.now()
        began, _ = day_of(now)
        return day_spending(await self.buckets(min(began, now - HOUR), MINUTE), now)


def _merged(one: Mapping[AgentId, Usage], other: Mapping[AgentId, Usage]) -> dict[AgentId, Usage]:
    found = dict(one)
    for agent, usage in other.items():
        found[agent] = found.get(agent, Usage()) + usage
    return found


def _kind(word: str) -> AgentKind:
    try:
        return AgentKind(word)
    except ValueError:
        return AgentKind.WORKER
