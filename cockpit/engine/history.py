"""Older history on demand: live is always first, and scrolling up just works."""

from __future__ import annotations

import asyncio
import logging

from cockpit.engine.cursors import from_stored
from cockpit.engine.roster import Roster
from cockpit.engine.stream import LineStream
from cockpit.engine.world import World
from cockpit.errors import CockpitError
from cockpit.model.events import Record
from cockpit.model.ids import AgentId
from cockpit.remote.files import read_range
from cockpit.store.store import Store

log = logging.getLogger(__name__)

PAGE_RECORDS = 1_000
"""Records paged in at a time: some screens full, folded in a few milliseconds."""

PAGE_BYTES = 1 << 20
"""Bytes read at a time of what only the VM still has; grows for a page that lies inside one line."""

LARGEST_PAGE = 64 << 20
"""Bytes of the longest line that is paged in; what is longer ends the history here."""


class History:
    """Pages older records into transcripts, one page at a time per agent: from the store, then from the VM."""

    def __init__(self, world: World, store: Store, roster: Roster) -> None:
        self._world = world
        self._store = store
        self._roster = roster
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
        if place is None:
            return
        try:
            older = await self._store.records(agent, before=place, limit=PAGE_RECORDS)
            if not older:
                older = await self._from_vm(agent)
        except CockpitError as error:
            # Nothing is lost: the next scroll to the top asks again.
            log.warning("agent %s: its older history cannot be read now: %s", agent, error)
            return
        if not older:
            self._exhausted.add(agent)
            return
        transcript.prepend(older)
        self._world.changed()

    async def _from_vm(self, agent: AgentId) -> list[Record]:
        """Read what lies before the first stored line of the present file, store it, and return it.

        Raises:
            CockpitError: the VM cannot be asked now, or the file is another one by now.
        """
        stored = await self._store.cursor(agent)
        cursor = from_stored(stored) if stored else None
        attachment = self._roster.attachment(agent)
        connection = attachment.connection() if attachment else None
        if stored is None or cursor is None or attachment is None or not attachment.path:
            return []
        # Line 0 is the marker before an epoch, which has no place in the file.
        first = next(iter(await self._store.records(agent, after=(stored.epoch, 0), limit=1)), None)
        if first is None or first.epoch != stored.epoch or first.offset == 0:
            return []
        if connection is None:
            raise CockpitError("the VM is not connected")
        size = PAGE_BYTES
        while size <= LARGEST_PAGE:
            start = max(0, first.offset - size)
            data = await read_range(connection, attachment.path, cursor.identity, start, first.offset - start)
            # The page begins in the middle of a line unless it begins with the file.
            skipped = data.find(b"\n") + 1 if start else 0
            if skipped < len(data) and (skipped or not start):
                records = self._decoded(agent, first, start + skipped, data[skipped:])
                await self._store.append(agent, records, None)
                return records[-PAGE_RECORDS:]
            size *= 4
        return []

    def _decoded(self, agent: AgentId, first: Record, offset: int, data: bytes) -> list[Record]:
        stream = LineStream(agent, self._world.clock)
        stream.resume(offset, first.line - 1 - data.count(b"\n"), first.epoch)
        return stream.feed(data)

    async def idle(self) -> None:
        """Return when no page is on its way."""
        while self._paging:
            await asyncio.gather(*self._paging.values(), return_exceptions=True)
            await asyncio.sleep(0)  # lets the ended tasks leave the table

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._paging.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
