"""The registry: who is alive, as hdresearch/vers-agent-services serves it (src/registry/routes.ts)."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.embedded.api.callers import Callers
from cockpit.embedded.api.exchange import Rejected, json_response, query
from cockpit.embedded.api.javascript import SPACES, is_one_of, read_body, shown, truthy
from cockpit.embedded.api.moments import moment_ms, moment_text, now_ms
from cockpit.embedded.api.paths import NAME
from cockpit.embedded.api.service_records import Document, Documents, ServiceRecords
from cockpit.services.vocabularies import REGISTRY_ROLES, REGISTRY_STATUSES, STALE_AFTER

ORDER = ("id", "name", "role", "status", "address", "services", "metadata")
"""The fields of an entry that stand before the others, whenever they were set."""


class Registry:
    """The registry's routes. Ids are any text, so they may hold slashes when percent-encoded."""

    def __init__(self, services: ServiceRecords, callers: Callers) -> None:
        self._entries: Documents = services.registry
        self._callers = callers

    def routes(self) -> list[Route]:
        """Return the routes, the most specific first."""
        entry = f"/registry/vms/{{id:{NAME}}}"
        return [
            Route("/registry/vms", self.list_entries, methods=["GET"]),
            Route("/registry/vms", self.register, methods=["POST"]),
            Route(f"{entry}/heartbeat", self.heartbeat, methods=["POST"]),
            Route(entry, self.get, methods=["GET"]),
            Route(entry, self.patch, methods=["PATCH"]),
            Route(entry, self.delete, methods=["DELETE"]),
            Route("/registry/discover/{role}", self.discover, methods=["GET"]),
        ]

    def _entry(self, request: Request) -> Document:
        entry = self._entries.get(request.path_params["id"])
        if entry is None:
            raise Rejected(404, "VM not found")
        return entry

    def _keep(self, entry: Document) -> Document:
        ordered = {name: entry[name] for name in ORDER if name in entry} | entry
        self._entries.put(ordered)
        return ordered

    async def list_entries(self, request: Request) -> Response:
        """GET /registry/vms: stale ones are left out only where `status=running` asks for the living."""
        role, status = query(request, "role"), query(request, "status")
        entries = self._entries.all()
        if role:
            entries = [entry for entry in entries if entry["role"] == role]
        if status:
            entries = [entry for entry in entries if entry["status"] == status]
        if status == "running":
            entries = [entry for entry in entries if not _stale(entry)]
        entries.sort(key=lambda entry: str(entry["registeredAt"]), reverse=True)
        return json_response({"vms": entries, "count": len(entries)})

    async def discover(self, request: Request) -> Response:
        """GET /registry/discover/:role: the living ones of a role, in order of registration."""
        role = request.path_params["role"]
        entries = [
            entry
            for entry in self._entries.all()
            if entry["role"] == role and entry["status"] == "running" and not _stale(entry)
        ]
        return json_response({"vms": entries, "count": len(entries)})

    async def register(self, request: Request) -> Response:
        """POST /registry/vms: an id can be registered once."""
        body = await read_body(request)
        identifier, name = body.required("id"), body.required("name")
        role, status = body.get("role"), body.get("status")
        if not is_one_of(role, REGISTRY_ROLES):
            raise Rejected(400, f"invalid role: {shown(role)}")
        if truthy(status) and not is_one_of(status, REGISTRY_STATUSES):
            raise Rejected(400, f"invalid status: {shown(status)}")
        address, registered_by = body.required("address"), body.required("registeredBy")
        if self._entries.get(identifier) is not None:
            raise Rejected(409, "VM already registered")
        self._callers.check_entry(request, identifier)
        moment = moment_text()
        entry: Document = {"id": identifier, "name": name, "role": role, "status": status or "running"}
        entry |= {"address": address, **body.given("services", "metadata")}
        entry |= {"registeredBy": registered_by, "registeredAt": moment, "lastSeen": moment}
        return json_response(self._keep(entry), 201)

    async def get(self, request: Request) -> Response:
        """GET /registry/vms/:id."""
        return json_response(self._entry(request))

    async def patch(self, request: Request) -> Response:
        """PATCH /registry/vms/:id: role and registrant stay; it counts as a sign of life."""
        body = await read_body(request)
        entry = self._entry(request)
        if "status" in body and not is_one_of(body.get("status"), REGISTRY_STATUSES):
            raise Rejected(400, f"invalid status: {shown(body.get('status'))}")
        self._callers.check_entry(request, str(entry["id"]))
        try:
            _rename(entry, "name", body.given("name"))
            entry |= body.given("status")
            _rename(entry, "address", body.given("address"))
        except Rejected:
            # What came before stays done, as the imitated server leaves it.
            self._keep(entry)
            raise
        entry |= body.given("services", "metadata")
        entry["lastSeen"] = moment_text()
        return json_response(self._keep(entry))

    async def heartbeat(self, request: Request) -> Response:
        """POST /registry/vms/:id/heartbeat: moves `lastSeen`, revives nothing."""
        entry = self._entry(request)
        entry["lastSeen"] = moment_text()
        self._entries.put(entry)
        return json_response({"id": entry["id"], "lastSeen": entry["lastSeen"]})

    async def delete(self, request: Request) -> Response:
        """DELETE /registry/vms/:id."""
        identifier = str(self._entry(request)["id"])
        self._callers.check_entry(request, identifier)
        self._entries.remove(identifier)
        return json_response({"deleted": True})


def _rename(entry: Document, name: str, given: dict[str, Any]) -> None:
    if name not in given:
        return
    text = given[name].strip(SPACES) if isinstance(given[name], str) else ""
    if not text:
        raise Rejected(400, f"{name} cannot be empty")
    entry[name] = text


def _stale(entry: Document) -> bool:
    seen = moment_ms(str(entry["lastSeen"]))
    return seen is not None and now_ms() - seen > STALE_AFTER * 1000
