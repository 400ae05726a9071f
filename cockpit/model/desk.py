"""What the operator arranged for the lists: who is pinned, who stands first, and the filters that have names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cockpit.model.ids import AgentId
from cockpit.model.ordering import SortOrder

LONGEST_NAME = 40
"""Characters that a name of a filter may have."""

FILTERED = ("agents", "board", "vms", "feed")
"""The lists that have filters."""


class Density(StrEnum):
    """How many lines a row of the list of agents takes."""

    AUTOMATIC = "automatic"
    """Two where all of them fit twice into the room that the list has."""
    TWO = "two lines"
    """Who and where; what it says now."""
    ONE = "one line"


@dataclass(frozen=True, slots=True, order=True)
class SavedFilter:
    """A filter that has a name."""

    name: str
    line: str
    of: str = "agents"
    """Of which list."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Everything that is arranged."""

    pinned: frozenset[AgentId] = frozenset()
    """Agents that stand on top, whatever the order."""
    order: SortOrder = SortOrder.NAME
    filters: tuple[SavedFilter, ...] = ()
    """In the order of their names."""
    density: Density = Density.AUTOMATIC

    def filter_named(self, name: str, of: str = "agents") -> SavedFilter | None:
        """Return the filter of a list that has a name, or None."""
        return next((one for one in self.filters if one.name == name and one.of == of), None)


def fault_of_filter(wanted: SavedFilter) -> str:
    """Say why a filter cannot be kept, or return empty text."""
    if not wanted.name.strip() or not wanted.name.isprintable():
        return "a filter that is kept needs a name"
    if len(wanted.name) > LONGEST_NAME:
        return f"a name of a filter has at most {LONGEST_NAME} characters"
    if not wanted.line.strip():
        return "the filter is empty: there is nothing to keep"
    if wanted.of not in FILTERED:
        return f"no list is called {wanted.of!r}: there are {', '.join(FILTERED)}"
    return ""


class DeskPort(Protocol):
    """Keeps what is arranged, for all cockpits that share one history and for later ones."""

    @property
    def arrangement(self) -> Arrangement:
        """What is arranged; nothing before it was read."""

    async def load(self) -> None:
        """Read what is kept, for who does not watch."""

    async def pin(self, agent: AgentId, on: bool) -> None:
        """Pin an agent, or take it down."""

    async def sort(self, order: SortOrder) -> None:
        """Choose who stands first."""

    async def lay_out(self, density: Density) -> None:
        """Choose how many lines a row takes."""

    async def keep_filter(self, wanted: SavedFilter) -> None:
        """Keep a filter under its name, in place of another one that has it.

        Raises:
            UsageError: `fault_of_filter` says why not.
        """

    async def drop_filter(self, name: str, of: str = "agents") -> bool:
        """Keep a filter no more; False if there is none of that name."""
