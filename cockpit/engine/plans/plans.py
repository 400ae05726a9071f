"""The plans of all sources, for screens and verbs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from cockpit.engine.plans.dispatcher import PlanDispatcher
from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.model.plan.port import PlanStatus
from cockpit.store.store import Store


class Plans:
    """Implements `cockpit.model.plan.port.PlansPort`."""

    def __init__(self, running: Sequence[RunningSource], fleet_state: FleetState, store: Store) -> None:
        self._dispatchers = tuple(PlanDispatcher(fleet_state, store, one, self._is_wanted) for one in running)
        self._asked = asyncio.Event()
        self._names: set[str] = set()
        """The plans that were asked for; the empty name stands for all."""

    def _is_wanted(self, name: str) -> bool:
        return name in self._names or "" in self._names

    def known(self) -> tuple[PlanStatus, ...]:
        """Return the plans, the newest of each board first, as board and fleet are known now."""
        return tuple(status for dispatcher in self._dispatchers for status in dispatcher.statuses())

    def hand_out(self, name: str = "") -> None:
        """Hand out the tasks of plans that run, of one alone or of all, from now on, wherever no other cockpit does."""
        self._names.add(name)
        self._asked.set()

    async def run(self) -> None:
        """Do so once it was asked for: a verb that is about something else hands out nothing."""
        await self._asked.wait()
        async with asyncio.TaskGroup() as tasks:
            for dispatcher in self._dispatchers:
                tasks.create_task(dispatcher.run(), name="hand out the tasks of plans")
