"""The feeds of all sources: how fresh they are, what their events sum up to, and what their servers are asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.model.board import FeedItem
from cockpit.model.news.folding import UsageSum
from cockpit.model.news.port import FeedLink, FeedStatistics, Freshness
from cockpit.services.feed import FeedClient


class Feeds:
    """Implements `cockpit.model.news.port.FeedPort`."""

    def __init__(self, fleet_state: FleetState, running: Sequence[RunningSource]) -> None:
        self._fleet_state = fleet_state
        self._running = tuple(running)

    @property
    def links(self) -> tuple[FeedLink, ...]:
        """The stream of each source that has a feed."""
        return tuple(self._link(running) for running in self._running if running.source.feed is not None)

    def _link(self, running: RunningSource) -> FeedLink:
        name = f"{running.shown_as} feed" if running.shown_as else "feed"
        health, catching_up = self._fleet_state.health.get(name), running.watcher.catching_up
        if catching_up is not None or health is None:
            since = catching_up or self._fleet_state.clock.now()
            return FeedLink(running.name, Freshness.CATCHING_UP, since, health.reason if health is not None else "")
        state = Freshness.LIVE if health.ok else Freshness.STALE
        return FeedLink(running.name, state, health.since, "" if health.ok else health.trouble)

    @property
    def sums(self) -> tuple[UsageSum, ...]:
        """What the agents reported of tokens and cost since the oldest event known here, who did last first."""
        known = self._fleet_state.news.sums.by_agent.values()
        return tuple(sorted(known, key=lambda one: (-one.at, one.agent)))

    def _clients(self) -> list[FeedClient]:
        return [running.source.feed for running in self._running if running.source.feed is not None]

    async def statistics(self) -> FeedStatistics:
        """Return what the servers count.

        Raises:
            CockpitError: one cannot be asked.
        """
        told = await asyncio.gather(*(client.statistics() for client in self._clients()))
        agents: Counter[str] = Counter()
        kinds: Counter[str] = Counter()
        latest: dict[str, FeedItem] = {}
        for one in told:
            agents.update(one.by_agent)
            kinds.update(one.by_kind)
            for name, item in one.latest.items():
                known = latest.get(name)
                if known is None or known.at < item.at:
                    latest[name] = item
        return FeedStatistics(sum(one.total for one in told), dict(agents), dict(kinds), latest)

    async def events(self, *, limit: int = 0, agent: str = "", kind: str = "", since: str = "") -> tuple[FeedItem, ...]:
        """Return events that the servers keep, oldest first.

        Raises:
            CockpitError: a server cannot be asked.
        """
        lists = await asyncio.gather(
            *(client.list_events(limit=limit, agent=agent, kind=kind, since=since) for client in self._clients())
        )
        # Each list is in the order of publishing, which ids and times do not tell within a millisecond.
        return lists[0] if len(lists) == 1 else tuple(sorted((i for one in lists for i in one), key=lambda i: i.at))
