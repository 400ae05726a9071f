"""Older history on demand: live is always first, and scrolling up just works."""

from __future__ import annotations

import asyncio
import logging

from cockpit.engine.world import World
from cockpit.model.ids import AgentId
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

log = logging.getLogger(__name__)

PAGE_RECORDS = 1_000
"""Records paged in at a time: some screens full, folded in a few milliseconds."""


class History:
    """Pages older records into transcripts, one page at a time per agent."""

    def __init__(self, world: World, store: Store) -> None:
        self._world = world
        self._store = store
        self._paging: dict[AgentId, asyncio.Task[None]] = {}
        self._exhausted: set[AgentId] = set()

    def page(self, agent: AgentId) -> bool:
        """Fetch the page before an agent's oldest entry; False if there is none, or one is on its way."""
        if agent in self._paging or agent in self._exhausted:
            return False
        task = asyncio.create_task(self._fetch(agent), name=f"history {agent}")
        self._paging[agent] = task
        task.add_done_callback(lambda _: self._paging.pop(agent, None))
        return True

    async def _fetch(self, agent: AgentId) -> None:
        transcript = self._world.transcript(agent)
        place = transcript.first_place
        try:
            older = await self._store.records(agent, before=place, limit=PAGE_RECORDS) if place else []
        except StoreError as error:
            log.error("agent %s: its older history cannot be read: %s", agent, error)
            return
        if not older:
            self._exhausted.add(agent)
            return
        transcript.prepend(older)
        self._world.changed()

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._paging.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
