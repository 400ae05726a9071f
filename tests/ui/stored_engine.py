"""An engine double whose transcripts have a real history behind them: a store, and a window onto the past."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from cockpit.engine.clock import Clock
from cockpit.engine.recorded import RecordedHistory
from cockpit.engine.state import FleetState
from cockpit.engine.streams.history import History
from cockpit.model.events import Record
from cockpit.model.fleet import Fleet
from cockpit.model.ids import AgentId
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import Place, TranscriptWindow
from cockpit.store.store import Store
from tests.ui.fake_engine import FakeEngine

LIVE_RECORDS = 1_500
"""Records that a cockpit reads back for a transcript."""


class StoredEngine(FakeEngine):
    """Records go to the store and to the live transcript; older ones are paged in as the engine does it."""

    def __init__(self, fleet: Fleet, store: Store) -> None:
        super().__init__(fleet)
        self.store = store
        self.recorded = RecordedHistory(store)
        self.fleet_state = FleetState(Clock(), "test")
        self.history = History(self.fleet_state, store, lambda agent: None)

    async def remember(self, records: Sequence[Record]) -> None:
        """Store records that came before this cockpit, and read the newest of them back."""
        for start in range(0, len(records), 5_000):
            await self.store.append(records[0].agent, records[start : start + 5_000], None)
        for record in records[-LIVE_RECORDS:]:
            self.transcript(record.agent).apply(record)

    async def receive(self, records: Sequence[Record]) -> None:
        """Show records as they arrive, and store them."""
        for record in records:
            self.transcript(record.agent).apply(record)
        await self.store.append(records[0].agent, records, None)

    def transcript(self, agent: AgentId) -> Transcript:
        """Return an agent's transcript."""
        return self.fleet_state.transcript(agent)

    def past(self, agent: AgentId) -> TranscriptWindow | None:
        """Return the open window."""
        return self.fleet_state.pasts.get(agent)

    def open_past(self, agent: AgentId, place: Place | None) -> None:
        """Open a window."""
        self.history.open(agent, place)

    def page_older(self, agent: AgentId) -> bool:
        """Page older records in."""
        return self.history.older(agent)

    def page_newer(self, agent: AgentId) -> bool:
        """Page newer records in."""
        return self.history.newer(agent)

    def leave_past(self, agent: AgentId) -> None:
        """Close the window."""
        self.history.leave(agent)


@asynccontextmanager
async def stored_engine(fleet: Fleet, path: Path) -> AsyncIterator[StoredEngine]:
    """Run the double over a store in a file."""
    store = await Store.open(path)
    engine = StoredEngine(fleet, store)
    try:
        yield engine
    finally:
        await engine.history.close()
        await store.close()
