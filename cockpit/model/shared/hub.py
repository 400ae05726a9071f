"""What the engine promises about SkillHubs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Protocol

from cockpit.model.commands.shared import PublishItem
from cockpit.model.shared.skills import Shelf, SkillChange


class SkillsPort(Protocol):
    """The SkillHub of each source that has one."""

    async def look(self, place: str = "") -> Shelf:
        """Return all that the SkillHub of a source has; the first's if none is named.

        Raises:
            CockpitError: it could not be had.
        """

    async def found_at(self, path: str, place: str = "") -> tuple[PublishItem, ...]:
        """Return what of a directory or a file on this machine can be published in a source.

        Raises:
            CockpitError: there is nothing, or nothing that can be.
        """

    def watch(
        self, place: str = "", *, heard: Callable[[bool, str], None] = lambda _up, _reason: None
    ) -> AsyncIterator[SkillChange]:
        """Yield changes as they happen, each once, for ever; `heard` is told when the stream stands, and why not."""
