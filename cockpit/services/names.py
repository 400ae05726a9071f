"""Reservations as entries `name:NAME` of the registry: of names of agents that are being made, and of what else only
one cockpit may do; for cockpits that share no store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from cockpit.services.errors import RecordNotFound, RequestRefused
from cockpit.services.registry import Registration, RegistryClient
from cockpit.services.vocabularies import STALE_AFTER

PREFIX = "name:"
"""What the id of such an entry begins with; no VM's id does."""

RACE = 1.0
"""Seconds after which a void entry that was taken over is looked at again: somebody else may have taken it, too."""


class RegistryNames:
    """Reservations in one registry, all by one holder."""

    def __init__(
        self,
        registry: RegistryClient,
        holder: str,
        registered_by: str,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
        *,
        doing: str = "is making an agent of this name",
        void_after: float = STALE_AFTER,
        mark: Mapping[str, str] | None = None,
        is_dead: Callable[[Mapping[str, object]], bool] = lambda mark: False,
    ) -> None:
        """Prepare.

        Args:
            registry: where.
            holder: who holds what is reserved.
            registered_by: how the entries are signed.
            rest: waits.
            doing: what whoever holds a reservation does, for people.
            void_after: seconds without a sign after which a reservation is nobody's.
            mark: what this process writes of itself beside a reservation.
            is_dead: says of such a mark whether its process is proven to be no more.
        """
        self._registry = registry
        self._holder = holder
        self._by = registered_by
        self._rest = rest
        self._doing = doing
        self._void_after = void_after
        self._mark = dict(mark or {})
        self._is_dead = is_dead

    @property
    def _metadata(self) -> dict[str, object]:
        return {"reservation": self._holder, **({"process": self._mark} if self._mark else {})}

    async def take(self, name: str) -> str:
        """Take a name; return who has it otherwise, empty text if it is held now.

        Raises:
            ServiceError: the registry does not say.
        """
        if await self._add(name):
            return ""
        holder, is_void = await self._held(name)
        if holder == self._holder:
            # The answer of a first try was lost, or one who held it under this name before is dead.
            if self._mark:
                await self._registry.patch(PREFIX + name, status="running", metadata=self._metadata)
            return ""
        if not is_void:
            return f"{holder or 'somebody'} {self._doing}: the registry has entry {PREFIX}{name}"
        try:
            # Changed, not removed: whoever takes it over at the same time changes the same entry, the last stays.
            await self._registry.patch(PREFIX + name, status="running", metadata=self._metadata)
        except RecordNotFound:
            await self._add(name)
        await self._rest(RACE)
        holder, _ = await self._held(name)
        return "" if holder == self._holder else f"{holder or 'somebody'} took the void entry {PREFIX}{name} first"

    async def renew(self, name: str) -> None:
        """Keep a reservation from becoming void.

        Raises:
            ServiceError: it was refused.
        """
        await self._registry.patch(PREFIX + name, status="running")

    async def still_held(self, name: str) -> bool:
        """Keep a reservation from becoming void, and say whether it is this holder's.

        Raises:
            ServiceError: the registry does not say.
        """
        try:
            entry = await self._registry.patch(PREFIX + name, status="running")
        except RecordNotFound:
            return False
        return entry.metadata.get("reservation") == self._holder

    async def release(self, name: str) -> None:
        """Give a name free, if it is held.

        Raises:
            ServiceError: it was refused.
        """
        holder, _ = await self._held(name)
        if holder == self._holder:
            await self._registry.deregister(PREFIX + name)

    async def taken(self, name: str) -> tuple[str, ...]:
        """Return the ids of the entries that have a name, reservations left out; stale ones are among them.

        Raises:
            ServiceError: the list could not be had.
        """
        entries = (await self._registry.list_entries()).entries
        return tuple(entry.id for entry in entries if entry.name == name and not entry.id.startswith(PREFIX))

    async def _add(self, name: str) -> bool:
        entry = Registration(
            id=PREFIX + name,
            name=name,
            role="custom",
            address="reserved",
            registered_by=self._by,
            metadata=self._metadata,
        )
        try:
            await self._registry.add(entry)
        except RequestRefused as refused:
            if refused.status == 409:
                return False
            raise
        return True

    async def _held(self, name: str) -> tuple[str, bool]:
        """Return who holds a name and whether the reservation is void; void without a holder if there is none."""
        listing = await self._registry.list_entries()
        for entry in listing.entries:
            if entry.id == (PREFIX + name).lower():
                holder, mark = entry.metadata.get("reservation"), entry.metadata.get("process")
                is_void = entry.age(listing.server_now) > self._void_after
                is_void = is_void or (isinstance(mark, Mapping) and self._is_dead(mark))
                return (holder if isinstance(holder, str) else "", is_void)
        return "", True
