"""Joins the parts that work on the services of all sources; the engine starts and ends them as one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from cockpit.engine.coordination.owed import OwedWatch
from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.store.store import Store


class Coordination:
    """Implements `cockpit.model.coordination.CoordinationPort`."""

    def __init__(self, running: Sequence[RunningSource], fleet_state: FleetState, store: Store) -> None:
        self._running = tuple(running)
        self._owed = OwedWatch(fleet_state, store, frozenset(self.places))

    @property
    def places(self) -> tuple[str, ...]:
        """The sources that have board, feed and registry, by name, in the order of preference."""
        return tuple(running.name for running in self._running if running.source.present is not None)

    def works(self, watch: bool) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return what runs in the background, by name; what goes on by itself only where the engine watches."""
        return {"owed answers": self._owed.run}
