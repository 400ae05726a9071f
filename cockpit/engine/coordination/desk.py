"""Keeps what the operator arranged for the lists in the store, and holds it here as it is."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace

from cockpit.engine.saving import saved
from cockpit.engine.state import FleetState
from cockpit.errors import UsageError
from cockpit.model.desk import Arrangement, Density, SavedFilter, fault_of_filter
from cockpit.model.ids import AgentId
from cockpit.model.ordering import SortOrder
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

log = logging.getLogger(__name__)

PINNED, ORDER, DENSITY, FILTER = "pinned:", "order of agents", "density of agents", "filter:"
"""Names of what is kept; behind the first the agent's id, behind the last the list and the filter's name."""


class OperatorsDesk:
    """Implements `cockpit.model.desk.DeskPort`: what is changed counts at once, and is written down then."""

    def __init__(self, fleet_state: FleetState, store: Store) -> None:
        self.arrangement = Arrangement()
        self._fleet_state = fleet_state
        self._store = store
        self._loaded = asyncio.Lock()
        self._known = False

    async def load(self) -> None:
        """Read what is kept, once."""
        async with self._loaded:
            if self._known:
                return
            try:
                kept = await self._store.choices.kept()
            except StoreError as error:
                log.warning("what was arranged is unknown: %s", error)
                return
            self._known = True
            self._arrange(arrangement_in(kept))

    async def pin(self, agent: AgentId, on: bool) -> None:
        """Pin an agent, or take it down."""
        await self.load()
        pinned = self.arrangement.pinned | {agent} if on else self.arrangement.pinned - {agent}
        self._arrange(replace(self.arrangement, pinned=pinned))
        choices = self._store.choices
        await saved(choices.keep(PINNED + agent, "1") if on else choices.forget(PINNED + agent))

    async def sort(self, order: SortOrder) -> None:
        """Choose who stands first."""
        await self.load()
        self._arrange(replace(self.arrangement, order=order))
        await saved(self._store.choices.keep(ORDER, order.value))

    async def lay_out(self, density: Density) -> None:
        """Choose how many lines a row takes."""
        await self.load()
        self._arrange(replace(self.arrangement, density=density))
        await saved(self._store.choices.keep(DENSITY, density.value))

    async def keep_filter(self, wanted: SavedFilter) -> None:
        """Keep a filter under its name, in place of another one that has it.

        Raises:
            UsageError: it cannot be kept.
        """
        if fault := fault_of_filter(wanted):
            raise UsageError(fault)
        await self.load()
        others = (one for one in self.arrangement.filters if (one.of, one.name) != (wanted.of, wanted.name))
        self._arrange(replace(self.arrangement, filters=tuple(sorted((*others, wanted)))))
        await saved(self._store.choices.keep(_key(wanted.name, wanted.of), wanted.line))

    async def drop_filter(self, name: str, of: str = "agents") -> bool:
        """Keep a filter no more; False if there is none of that name."""
        await self.load()
        left = tuple(one for one in self.arrangement.filters if (one.of, one.name) != (of, name))
        found = left != self.arrangement.filters
        if found:
            self._arrange(replace(self.arrangement, filters=left))
            await saved(self._store.choices.forget(_key(name, of)))
        return found

    def _arrange(self, arrangement: Arrangement) -> None:
        if arrangement != self.arrangement:
            self.arrangement = arrangement
            self._fleet_state.changed()


def _key(name: str, of: str) -> str:
    return FILTER + json.dumps([of, name])


def arrangement_in(kept: dict[str, str]) -> Arrangement:
    """Return what is arranged, out of everything that is kept; what cannot be read is left out."""
    pinned, filters = set(), []
    for name, value in kept.items():
        if name.startswith(PINNED):
            pinned.add(AgentId(name.removeprefix(PINNED)))
        elif name.startswith(FILTER):
            try:
                of, called = json.loads(name.removeprefix(FILTER))
            except ValueError:
                continue
            if not fault_of_filter(found := SavedFilter(str(called), value, str(of))):
                filters.append(found)
    order = kept.get(ORDER, "")
    known = SortOrder(order) if order in set(SortOrder) else SortOrder.NAME
    lines = kept.get(DENSITY, "")
    density = Density(lines) if lines in set(Density) else Density.AUTOMATIC
    return Arrangement(frozenset(pinned), known, tuple(sorted(filters)), density)
