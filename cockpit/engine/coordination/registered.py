"""The registry as it is read: each entry with what it means by the server's clock, and for whom it works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from cockpit.engine.agent_record import agent_from_entry, name_in
from cockpit.engine.coordination.places import ServicePlaces, lack, reef_facts
from cockpit.model.shared.listed import Listed
from cockpit.model.shared.registered import Registered, liveness
from cockpit.services.errors import ServiceMissing
from cockpit.services.names import PREFIX as RESERVATION
from cockpit.services.reef import tree
from cockpit.services.registry import Listing
from cockpit.services.wire import RegistryEntry, endpoints


class RegistryView:
    """Implements `cockpit.model.shared.registered.RegisteredPort`."""

    def __init__(self, places: ServicePlaces, lent: Callable[[str], bool] = lambda _id: False) -> None:
        """Prepare.

        Args:
            places: where the services are.
            lent: whether the signs of life of an entry come from this cockpit.
        """
        self._places = places
        self._lent = lent

    async def look(self, place: str = "", *, role: str = "") -> Listed[Registered]:
        """Return the entries, the newest first, those that are silent too.

        Raises:
            CockpitError: they could not be had.
        """
        services = self._places.services(place)
        try:
            return self._marked(_listed(await services.registry.list_entries(role=role)))
        except ServiceMissing as missing:
            facts = await reef_facts(services, missing)
            if not facts.has("vm-tree"):
                return Listed(missing=(lack("registry", facts),))
        found = await tree.registered(services.http, facts)
        of_role = tuple(entry for entry in found.entries if role in ("", entry.role))
        return Listed(of_role, found.unreadable, found.as_of)

    async def discover(self, role: str, place: str = "") -> Listed[Registered]:
        """Return those of a role that run and gave a sign of life, in the order in which they registered.

        Raises:
            CockpitError: they could not be had.
        """
        services = self._places.services(place)
        try:
            return self._marked(_listed(await services.registry.discover(role)))
        except ServiceMissing as missing:
            await reef_facts(services, missing)
        listed = await self.look(place, role=role)
        fresh = [entry for entry in listed.entries if entry.status == "running" and not entry.stale]
        return Listed(tuple(sorted(fresh, key=lambda one: one.registered_at)), listed.unreadable, listed.as_of)

    def _marked(self, listed: Listed[Registered]) -> Listed[Registered]:
        marked = tuple(replace(entry, lent=self._lent(entry.id)) for entry in listed.entries)
        return replace(listed, entries=marked)


def _listed(listing: Listing) -> Listed[Registered]:
    # What a cockpit reserves a name with is no VM and nobody's agent.
    entries = [entry for entry in listing.entries if not entry.id.startswith(RESERVATION)]
    names = {entry.id.lower(): name_in(entry) for entry in entries}
    found = tuple(_registered(entry, listing.server_now, names) for entry in entries)
    return Listed(found, listing.unreadable, listing.server_now)


def _registered(entry: RegistryEntry, now: float, names: Mapping[str, str]) -> Registered:
    age = entry.age(now) if entry.lastSeen else None
    agent = agent_from_entry(entry, "", "")
    parent_vm = agent.parent_vm if agent is not None else None
    return Registered(
        id=entry.id,
        name=name_in(entry),
        role=entry.role,
        status=entry.status,
        life=liveness(entry.status, entry.role, age),
        age=age,
        address=entry.address,
        parent=names.get(parent_vm or "", "") or (agent.parent if agent is not None else ""),
        parent_id=parent_vm or "",
        registered_by=entry.registeredBy,
        registered_at=entry.registeredAt,
        services=endpoints(list(entry.services)),
    )
