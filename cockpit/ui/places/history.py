"""The places where the operator was, with the way back and forward, as a browser has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

MOST = 100
"""Places that are remembered."""


@dataclass(frozen=True, slots=True)
class ScreenPlace:
    """A screen, and whom or what it shows."""

    screen: str = "home"
    """The name of the screen."""
    key: str = ""
    """The id of the agent on an agent's screen; empty elsewhere."""


class PlaceHistory:
    """Places in the order in which they were visited; one of them is where the operator is."""

    def __init__(self) -> None:
        self._places: list[ScreenPlace] = []
        self._at = -1

    @property
    def here(self) -> ScreenPlace | None:
        """Where the operator is; None before the first visit."""
        return self._places[self._at] if self._places else None

    def visit(self, place: ScreenPlace) -> None:
        """Note that the operator came to a place; what lay ahead is forgotten. To come where one is changes nothing."""
        if place == self.here:
            return
        del self._places[self._at + 1 :]
        self._places.append(place)
        del self._places[:-MOST]
        self._at = len(self._places) - 1

    def ahead(self, step: int, exists: Callable[[ScreenPlace], bool]) -> ScreenPlace | None:
        """Return the next place in a direction (-1 back, 1 forward) that is still there and another one than here."""
        found = self._find(step, exists)
        return self._places[found] if found is not None else None

    def go(self, step: int, exists: Callable[[ScreenPlace], bool]) -> ScreenPlace | None:
        """Go there; None if there is none, and nothing changes."""
        found = self._find(step, exists)
        if found is None:
            return None
        self._at = found
        return self._places[found]

    def _find(self, step: int, exists: Callable[[ScreenPlace], bool]) -> int | None:
        at = self._at + step
        while 0 <= at < len(self._places):
            if self._places[at] != self.here and exists(self._places[at]):
                return at
            at += step
        return None
