"""SkillHub as the operator sees it: all of it in one look, and what changes as it changes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable

from cockpit.engine.coordination.on_disk import found_at
from cockpit.engine.coordination.places import ServicePlaces, lack, reef_facts
from cockpit.model.commands.shared import PublishItem
from cockpit.model.shared.skills import SharedKind, Shelf, SkillChange
from cockpit.services.errors import ServiceError, ServiceMissing
from cockpit.services.skills import SkillsClient


class Skills:
    """Implements `cockpit.model.shared.hub.SkillsPort`."""

    def __init__(self, places: ServicePlaces) -> None:
        self._places = places

    async def look(self, place: str = "") -> Shelf:
        """Return all that a SkillHub has; without the list of agents it is still shown.

        Raises:
            CockpitError: it could not be had.
        """
        services = self._places.services(place)
        client = SkillsClient(services.http)
        try:
            skills = await client.items(SharedKind.SKILL)
        except ServiceMissing as missing:
            return Shelf(missing=(lack("SkillHub", await reef_facts(services, missing)),))
        extensions = await client.items(SharedKind.EXTENSION)
        said: list[str] = []
        unreadable = skills.unreadable + extensions.unreadable
        if unreadable:
            said.append(f"{unreadable} skills or extensions cannot be read")
        try:
            agents = await client.agents()
        except ServiceError as error:
            said.append(f"who has what is not known: {error}")
            return Shelf((*skills.entries, *extensions.entries), (), tuple(said), skills.as_of)
        if agents.unreadable:
            said.append(f"what {agents.unreadable} agents have cannot be read")
        return Shelf((*skills.entries, *extensions.entries), agents.entries, tuple(said), skills.as_of)

    async def found_at(self, path: str, place: str = "") -> tuple[PublishItem, ...]:
        """Return what of a directory or a file on this machine can be published in a source.

        Raises:
            CockpitError: there is nothing, or nothing that can be.
        """
        return await found_at(path, place)

    async def watch(
        self, place: str = "", *, heard: Callable[[bool, str], None] = lambda _up, _reason: None
    ) -> AsyncGenerator[SkillChange, None]:
        """Yield changes as they happen, each once, for ever.

        Raises:
            Refused: there are no services.
        """
        client = SkillsClient(self._places.services(place).http)
        async with contextlib.aclosing(client.follow(report=heard)) as changes:
            async for change in changes:
                yield change
