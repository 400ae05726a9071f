"""What agents did minute by minute: folded on threads, each time from where the last look ended."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from cockpit.model.ids import AgentId
from cockpit.model.timeline.folding import TOLD, MinutesFold
from cockpit.model.timeline.minute import Timeline
from cockpit.store.minutes import Growth
from cockpit.store.store import Store


class Timelines:
    """Keeps the minutes of a store's agents; who never asks pays nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folds: dict[AgentId, MinutesFold] = {}
        self._since = 0.0
        self._one_look = asyncio.Lock()

    async def look(
        self, since: float, now: float, standing: Collection[AgentId], names: Mapping[AgentId, str]
    ) -> Timeline:
        """Return what is recorded since a moment.

        Args:
            since: unix seconds; an earlier one than before begins anew.
            now: unix seconds.
            standing: who does still what its last record says.
            names: of the agents.

        Raises:
            StoreError: the history cannot be read.
        """
        async with self._one_look:
            if since < self._since:
                self._folds = {}
            self._since = since
            for agent in await self._store.minutes.agents(since):
                await self._read(agent, now)
            return await asyncio.to_thread(self._shown, now, frozenset(standing), dict(names))

    async def _read(self, agent: AgentId, now: float) -> None:
        fold = self._folds.get(agent)
        after = fold.place if fold is not None else None
        growth = await self._store.minutes.of(agent, self._since, after, TOLD)
        if fold is None:
            fold = self._folds[agent] = MinutesFold(agent, self._since)
        if growth.records or growth.answers:
            await asyncio.to_thread(_take, fold, growth, now)

    def _shown(self, now: float, standing: frozenset[AgentId], names: Mapping[AgentId, str]) -> Timeline:
        rows = []
        for agent, fold in self._folds.items():
            fold.forget_before(self._since)
            row = fold.row(names.get(agent, agent), now if agent in standing else None)
            if row.minutes:
                rows.append(row)
        return Timeline(self._since, now, tuple(rows))


def _take(fold: MinutesFold, growth: Growth, now: float) -> None:
    fold.take(growth.records, growth.answers, now)
