"""A name is taken before its VM is made: in the store, in the registry, and on the VM for who shares neither."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable

from cockpit.engine.agent_record import REGISTERED_BY
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError, UsageError
from cockpit.model.ids import VmId
from cockpit.model.names import NAME_LABEL
from cockpit.services.errors import ServiceError
from cockpit.services.names import RegistryNames
from cockpit.store.errors import StoreError
from cockpit.store.rows import UNKNOWN_ACCOUNT
from cockpit.store.store import Store
from cockpit.vers.errors import VersError
from cockpit.vers.look import Found, Missing

log = logging.getLogger(__name__)

RENEWAL = 60.0
"""Seconds between two signs that a spawn is still at it; without them a reservation is void after five minutes."""

RELEASE_LIMIT = 5.0


class Names:
    """Reservations of one cockpit."""

    def __init__(self, fleet_state: FleetState, store: Store, source: Source) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._holder = f"cockpit-{uuid.uuid4().hex[:12]}"
        self._held: set[str] = set()
        """What a command of this cockpit holds: to store and registry they all are one holder."""
        registry = source.entered_in
        self._registry = RegistryNames(registry, self._holder, REGISTERED_BY) if registry is not None else None

    @contextlib.asynccontextmanager
    async def reserved(self, name: str, own: VmId | None = None) -> AsyncIterator[None]:
        """Hold a name for the time of the block.

        Args:
            name: the name.
            own: the VM whose agent is to have it, where it exists already: what says so of that VM is no obstacle.

        Raises:
            UsageError: somebody else has it, or is making an agent of this name.
        """
        if name in self._held:
            raise _taken(name, "another command here gives this name to an agent", own)
        self._held.add(name)
        renewing: asyncio.Task[None] | None = None
        try:
            await self._take(name, own)
            renewing = asyncio.create_task(self._renew(name), name=f"keep the name {name}")
            yield
        finally:
            if renewing is not None:
                renewing.cancel()
            try:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(RELEASE_LIMIT):
                        await self._release(name)
            finally:
                self._held.discard(name)

    async def yield_to_earlier(self, name: str, vm_id: VmId) -> None:
        """Give way if an older VM carries the label of the same name: another cockpit was first.

        Raises:
            UsageError: there is one.
        """
        try:
            records = await self._source.vers.list_vms()
        except VersError as error:
            log.warning("whether another cockpit took the name %s cannot be told: %s", name, error)
            return
        own = next((record for record in records if record.vm_id == vm_id), None)
        for record in records:
            if record.vm_id == vm_id or record.labels.get(NAME_LABEL) != name:
                continue
            if own is None or (record.created_at, record.vm_id) < (own.created_at, own.vm_id):
                raise _taken(name, f"VM {record.vm_id} was made earlier for an agent of this name, and this one yields")

    async def label(self, name: str, vm_id: VmId) -> None:
        """Write the name onto a VM, where the platform keeps labels."""
        try:
            await self._source.vers.add_labels(vm_id, {NAME_LABEL: name})
        except VersError as error:
            log.info("VM %s carries no label of its agent's name: %s", vm_id, error)

    async def _take(self, name: str, own: VmId | None) -> None:
        try:
            if not await self._store.names.reserve(name, self._holder):
                raise _taken(name, "another cockpit that shares this history is making an agent of this name", own)
            rows = [row for row in await self._store.agents() if row.name == name and row.destroyed_at is None]
        except StoreError as error:
            log.error("the name %s is not reserved in the history: %s", name, error)
            rows = []
        for row in rows:
            if row.vm_id == own or row.account not in ("", UNKNOWN_ACCOUNT, self._source.vers.account):
                continue  # Another account's agents have names of their own.
            seen = await self._source.vers.look(VmId(row.vm_id))
            if not isinstance(seen, Missing):
                raise _taken(name, f"there is an agent of this name already, on VM {row.vm_id}: {seen.evidence}", own)
        if self._registry is None:
            return
        try:
            holder = await self._registry.take(name)
            if holder:
                raise _taken(name, holder, own)
            registered = await self._registry.taken(name)
        except ServiceError as error:
            log.warning("the name %s is not reserved in the registry: %s", name, error)
            self._fleet_state.notice(f"the registry reserved no name: {error.message}")
            return
        for vm_id in map(VmId, registered):
            # An entry of a VM that does not exist, or not in this account, has no name to lose.
            if vm_id != own and isinstance(await self._source.vers.look(vm_id), Found):
                raise _taken(name, f"the registry has an agent of this name already, on VM {vm_id}", own)

    async def _renew(self, name: str) -> None:
        while True:
            await asyncio.sleep(RENEWAL)
            await _tried(self._store.names.renew(name, self._holder))
            if self._registry is not None:
                await _tried(self._registry.renew(name))

    async def _release(self, name: str) -> None:
        await _tried(self._store.names.release(name, self._holder))
        if self._registry is not None:
            await _tried(self._registry.release(name))


async def _tried(act: Awaitable[None]) -> None:
    try:
        await act
    except CockpitError as error:
        log.warning("the reservation of a name: %s", error)


def _taken(name: str, why: str, own: VmId | None = None) -> UsageError:
    what = f"cannot spawn {name}" if own is None else f"the name {name} cannot be given"
    return UsageError(f"{what}: {why}", hint="wait for it, or take another name")
