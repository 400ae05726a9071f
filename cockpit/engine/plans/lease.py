"""The lease of a plan: one dispatcher at a time acts for it, of all cockpits that share a store, or only a registry."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from cockpit.engine.agent_record import REGISTERED_BY
from cockpit.engine.plans.holder import is_dead, own_mark
from cockpit.engine.saving import saved
from cockpit.engine.source import Source
from cockpit.errors import CockpitError
from cockpit.services.errors import ServiceError
from cockpit.services.names import RegistryNames
from cockpit.services.registry import RegistryClient
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

log = logging.getLogger(__name__)

RENEWAL = 20.0
"""Seconds between two signs in the registry that the dispatcher is still at it."""

VOID = 120.0
"""Seconds without a sign after which the lease is nobody's, where it is not proven before that its holder is dead.

Six signs may be lost, which a registry that starts anew costs; a plan that stands still for two minutes harms nobody,
and of a holder on another machine nothing else can be known.
"""

TRUSTED = 60.0
"""Seconds after such a sign within which nobody else can have taken the lease, whatever held this process up.

What was begun in the last of them has as many again until another one may begin: longer than a request to the board
takes with all its tries.
"""

HOLDER = "holder of plans"
"""Under which the store keeps how its cockpits are named in a registry: of those only one lives, as the lock says."""


class PlanLeases:
    """The leases of one source's plans."""

    def __init__(self, store: Store, source: Source, now: Callable[[], float]) -> None:
        self._store = store
        self._source = source
        self._now = now
        self._signs: dict[str, float] = {}
        """When the registry said last that a lease is held here."""
        self._reservations: RegistryNames | None = None

    async def hold(self, name: str) -> str:
        """Hold the lease of a plan; return who has it otherwise, or why it cannot be had, or empty text."""
        try:
            if not self._store.leases.take(self._key(name)):
                return "another cockpit on this machine hands its tasks out"
        except StoreError as error:
            return error.message
        if self._now() - self._signs.get(name, float("-inf")) < RENEWAL:
            return ""
        asked = self._now()
        try:
            reason = await self._reserve(name)
        except ServiceError as error:
            return "" if self.is_sure(name) else f"the registry does not say who hands its tasks out: {error.message}"
        if reason:
            self._signs.pop(name, None)
            self._store.leases.release(self._key(name))
            return reason
        self._signs[name] = asked
        return ""

    def is_sure(self, name: str) -> bool:
        """Say whether nobody else can have the lease by now."""
        return self._now() - self._signs.get(name, float("-inf")) < TRUSTED

    async def release(self, name: str) -> None:
        """Give a lease back, if it is held."""
        if self._signs.pop(name, None) is not None and self._reservations is not None:
            try:
                await self._reservations.release(_entry(name))
            except CockpitError as error:
                log.info("the lease of plan %s is not given back in the registry: %s", name, error)
        self._store.leases.release(self._key(name))

    async def close(self) -> None:
        """Give all leases back."""
        for name in tuple(self._signs):
            await self.release(name)

    async def _reserve(self, name: str) -> str:
        registry = self._source.registry
        if registry is None:
            return "there is no registry"
        if self._reservations is None:
            self._reservations = await self._named(registry)
        if name in self._signs and await self._reservations.still_held(_entry(name)):
            return ""
        return await self._reservations.take(_entry(name))

    async def _named(self, registry: RegistryClient) -> RegistryNames:
        """Return the reservations under the name of this store, so that what a killed process held is taken at once."""
        holder = f"cockpit-{uuid.uuid4().hex[:12]}"
        try:
            kept = (await self._store.choices.kept()).get(HOLDER)
        except StoreError as error:
            log.warning("how this cockpit is named is not kept: %s", error)
        else:
            holder = kept or holder
            if kept is None:
                await saved(self._store.choices.keep(HOLDER, holder))
        return RegistryNames(
            registry,
            holder,
            REGISTERED_BY,
            doing="hands its tasks out",
            void_after=VOID,
            mark=own_mark(),
            is_dead=is_dead,
        )

    def _key(self, name: str) -> str:
        return f"plan {self._source.name} {name}"


def _entry(name: str) -> str:
    """Return what stands for a plan in the registry; no agent can be called so."""
    return f"plan {name}"
