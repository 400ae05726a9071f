"""Sums up what happened while the operator was away, from what is recorded."""

from __future__ import annotations

from cockpit.engine.state import FleetState
from cockpit.model.away import TOLD, Away, away
from cockpit.store.store import Store


class AwaySums:
    """Implements `cockpit.model.away.AwayPort`."""

    def __init__(self, fleet_state: FleetState, store: Store) -> None:
        self._fleet_state = fleet_state
        self._store = store

    async def happened(self, since: float) -> Away:
        """Return what happened since a moment."""
        records = await self._store.lately.since(since, TOLD)
        names = {row.id: row.name for row in await self._store.agents()}
        spent = await self._store.usage.buckets(since, 60.0)
        now = self._fleet_state.clock.now()
        return away(records, self._fleet_state.snapshot(), names, spent, since, now)
