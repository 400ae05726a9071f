"""What is recorded of agents, for whoever asks the engine or opens the history alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from cockpit.model.ids import AgentId, VmId
from cockpit.model.past import RememberedAgent, SearchHit

if TYPE_CHECKING:
    from cockpit.engine.timeline import Timelines
    from cockpit.model.acts import DoneAct
    from cockpit.model.events import Record
    from cockpit.model.timeline.minute import Timeline
    from cockpit.model.transcript.transcript import Transcript
    from cockpit.store.store import Store

PAGE_RECORDS = 2_000
"""Records read at a time."""


class RecordedHistory:
    """Implements `cockpit.engine.port.HistoryPort` over a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @cached_property
    def _timelines(self) -> Timelines:
        from cockpit.engine.timeline import Timelines

        return Timelines(self._store)

    @property
    def notices(self) -> tuple[str, ...]:
        """What happened to the history when it was opened."""
        return self._store.notices

    async def agents(self) -> tuple[RememberedAgent, ...]:
        """Return every agent that is remembered."""
        return tuple(
            RememberedAgent(row.id, row.name, VmId(row.vm_id), row.created_at) for row in await self._store.agents()
        )

    async def search(self, text: str, *, agent: AgentId | None = None, limit: int = 50) -> list[SearchHit]:
        """Return the newest recorded lines that hold all words of a text."""
        return await self._store.search(text, agent=agent, limit=limit)

    async def end(self, agent: AgentId) -> Transcript:
        """Return the end of what is recorded of an agent, as its transcript would be if it went on."""
        kept = await self._store.recollection(agent, limit=PAGE_RECORDS)
        from cockpit.model.transcript.transcript import Transcript

        transcript = Transcript()
        for record in kept.records:
            transcript.apply(record)
        for dialog_id, text in kept.answers:
            transcript.answered(dialog_id, text)
        return transcript

    async def acts(self, *, words: str = "", since: float = 0.0, limit: int = 200) -> list[DoneAct]:
        """Return the newest acts that hold all words."""
        return await self._store.acts.acts(words=words, since=since, limit=limit)

    async def timeline(
        self, since: float, now: float, *, standing: Collection[AgentId], names: Mapping[AgentId, str]
    ) -> Timeline:
        """Return what agents did minute by minute since a moment."""
        return await self._timelines.look(since, now, standing, names)

    async def lines(self, agent: AgentId) -> AsyncIterator[Record]:
        """Yield what is recorded of an agent, oldest first, without the markers between files."""
        position: tuple[int, int] | None = (0, 0)
        while records := await self._store.records(agent, after=position, limit=PAGE_RECORDS):
            for record in records:
                if record.line:
                    yield record
            position = (records[-1].epoch, records[-1].line)
