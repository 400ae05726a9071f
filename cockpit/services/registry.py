"""The registry's client: who is alive, by the server's own clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from cockpit.services.errors import RecordNotFound, RequestRefused, ServiceBroken, ServiceMissing
from cockpit.services.http import Reply, ServiceHttp, part
from cockpit.services.reading import server_now
from cockpit.services.wire import RegistryEntry, each, unwrapped


@dataclass(frozen=True, slots=True)
class Registration:
    """What is said of a VM when it is registered."""

    id: str
    name: str
    role: str
    """`infra`, `lieutenant`, `worker`, `golden` or `custom`; it cannot be changed later."""
    address: str
    registered_by: str
    status: str = "running"
    services: Sequence[Mapping[str, Any]] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the body of the registering call."""
        return {"id": self.id, "role": self.role, "registeredBy": self.registered_by} | self.changes()

    def changes(self) -> dict[str, Any]:
        """Return what can be changed of an entry that exists; nothing said of services or metadata leaves them."""
        body: dict[str, Any] = {"name": self.name, "status": self.status, "address": self.address}
        if self.services:
            body["services"] = [dict(service) for service in self.services]
        if self.metadata:
            body["metadata"] = dict(self.metadata)
        return body


@dataclass(frozen=True, slots=True)
class Listing:
    """The entries, and the server's time when it gave them."""

    entries: tuple[RegistryEntry, ...]
    server_now: float
    """Unix seconds."""
    unreadable: int = 0
    """Entries that could not be read: a list with such entries is not complete."""


class RegistryClient:
    """The registry on one server."""

    def __init__(self, http: ServiceHttp) -> None:
        self._http = http

    async def list_entries(self, *, role: str = "", status: str = "") -> Listing:
        """Return the entries, newest first; without `status="running"` the stale ones are among them.

        Raises:
            ServiceError: the list could not be had.
        """
        what = "list the registry"
        params = {name: value for name, value in (("role", role), ("status", status)) if value}
        reply = await self._http.request(what, "GET", "/registry/vms", params=params)
        return self._listing(what, reply)

    @staticmethod
    def _listing(what: str, reply: Reply) -> Listing:
        try:
            listed = unwrapped(reply.body, "vms")
        except ValueError as error:
            raise ServiceBroken(f"could not {what}: {error}", hint="check the server's address") from error
        entries = each(listed, RegistryEntry)
        return Listing(entries, server_now(reply), len(listed) - len(entries))

    async def discover(self, role: str) -> Listing:
        """Return those of a role that run and gave a sign of life lately, in the order in which they registered.

        Raises:
            ServiceError: the list could not be had; of a role that does not exist it is empty.
        """
        what = f"discover {role}"
        reply = await self._http.request(what, "GET", f"/registry/discover/{part(role)}")
        return self._listing(what, reply)

    async def get(self, vm_id: str) -> RegistryEntry:
        """Return one entry.

        Raises:
            RecordNotFound: there is none.
        """
        what = f"read registry entry {vm_id}"
        return _entry(what, await self._http.request(what, "GET", f"/registry/vms/{part(vm_id)}"))

    async def register(self, registration: Registration) -> RegistryEntry:
        """Register a VM, or bring the entry that is there up to date.

        Raises:
            ServiceError: it was refused.
        """
        what = f"register {registration.name} (VM {registration.id})"
        path = f"/registry/vms/{part(registration.id)}"
        last = 2
        for attempt in range(1, last + 1):
            try:
                reply = await self._http.request(what, "POST", "/registry/vms", body=registration.body())
                return _entry(what, reply)
            except RequestRefused as refused:
                if refused.status != 409:
                    raise
            try:
                return _entry(what, await self._http.request(what, "PATCH", path, body=registration.changes()))
            except RecordNotFound:
                # It was removed between the two calls: once more from the start.
                if attempt == last:
                    raise
        raise AssertionError("unreachable")

    async def add(self, registration: Registration) -> RegistryEntry:
        """Register what must not be there yet.

        Raises:
            RequestRefused: 409, it is there.
            ServiceError: it was refused.
        """
        what = f"register {registration.id}"
        return _entry(what, await self._http.request(what, "POST", "/registry/vms", body=registration.body()))

    async def heartbeat(self, registration: Registration) -> None:
        """Give a sign of life; an entry that is gone is made again.

        Raises:
            ServiceError: it was refused.
        """
        path = f"/registry/vms/{part(registration.id)}/heartbeat"
        try:
            await self._http.request(f"send the heartbeat of {registration.name}", "POST", path)
        except RecordNotFound:
            await self.register(registration)

    async def patch(self, vm_id: str, **changes: object) -> RegistryEntry:
        """Replace `name`, `status`, `address`, `services` or `metadata`; counts as a sign of life.

        Raises:
            ServiceError: it was refused.
        """
        what = f"change registry entry {vm_id}"
        return _entry(what, await self._http.request(what, "PATCH", f"/registry/vms/{part(vm_id)}", body=changes))

    async def deregister(self, vm_id: str) -> None:
        """Remove an entry; one that is gone already is no error.

        Raises:
            ServiceError: it was refused.
        """
        try:
            await self._http.request(f"deregister VM {vm_id}", "DELETE", f"/registry/vms/{part(vm_id)}")
        except ServiceMissing:
            raise
        except RecordNotFound:
            return


def _entry(what: str, reply: Reply) -> RegistryEntry:
    try:
        return RegistryEntry.model_validate(reply.body)
    except ValidationError as error:
        raise ServiceBroken(
            f"could not {what}: the answer is no registry entry", hint="check the server's address"
        ) from error
