"""The registry: who is alive, as hdresearch/vers-agent-services serves it (src/registry/routes.ts)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.embedded.api.exchange import (
    Rejected,
    as_text,
    json_response,
    query,
    required,
    service_body,
    shown,
    well_formed,
)
from cockpit.embedded.api.service_records import Document, Documents, ServiceRecords, moment_text
from cockpit.services.vocabularies import REGISTRY_ROLES, REGISTRY_STATUSES, STALE_AFTER


class Registry:
    """The registry's routes. Ids are any text, so they may hold slashes when percent-encoded."""

    def __init__(self, services: ServiceRecords) -> None:
        self._entries: Documents = services.registry

    def routes(self) -> list[Route]:
        """Return the routes, the most specific first."""
        entry = "/registry/vms/{id:path}"
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
        body = await service_body(request)
        identifier, name = well_formed(required(body, "id")), required(body, "name")
        role = body.get("role")
        if role not in REGISTRY_ROLES:
            raise Rejected(400, f"invalid role: {shown(role)}")
        status = body.get("status") or "running"
        if status not in REGISTRY_STATUSES:
            raise Rejected(400, f"invalid status: {shown(status)}")
        address, registered_by = required(body, "address"), required(body, "registeredBy")
        if self._entries.get(identifier) is not None:
            raise Rejected(409, "VM already registered")
        moment = moment_text()
        entry: Document = {"id": identifier, "name": name, "role": role, "status": status, "address": address}
        entry |= {key: body[key] for key in ("services", "metadata") if key in body}
        entry |= {"registeredBy": registered_by, "registeredAt": moment, "lastSeen": moment}
        self._entries.put(entry)
        return json_response(entry, 201)

    async def get(self, request: Request) -> Response:
        """GET /registry/vms/:id."""
        return json_response(self._entry(request))

    async def patch(self, request: Request) -> Response:
        """PATCH /registry/vms/:id: role and registrant stay; it counts as a sign of life."""
        body = await service_body(request)
        entry = self._entry(request)
        if "status" in body and body["status"] not in REGISTRY_STATUSES:
            raise Rejected(400, f"invalid status: {shown(body['status'], 'null')}")
        for name in ("name", "address"):
            if name in body:
                entry[name] = _not_blank(body, name)
        entry |= {name: body[name] for name in ("status", "services", "metadata") if name in body}
        entry["lastSeen"] = moment_text()
        self._entries.put(entry)
        return json_response(entry)

    async def heartbeat(self, request: Request) -> Response:
        """POST /registry/vms/:id/heartbeat: moves `lastSeen`, revives nothing."""
        entry = self._entry(request)
        entry["lastSeen"] = moment_text()
        self._entries.put(entry)
        return json_response({"id": entry["id"], "lastSeen": entry["lastSeen"]})

    async def delete(self, request: Request) -> Response:
        """DELETE /registry/vms/:id."""
        self._entries.remove(self._entry(request)["id"])
        return json_response({"deleted": True})


def _not_blank(body: dict[str, Any], name: str) -> str:
    text = as_text(name, body[name])
    if not text:
        raise Rejected(400, f"{name} cannot be empty")
    return text


def _stale(entry: Document) -> bool:
    seen = datetime.fromisoformat(entry["lastSeen"])
    return (datetime.now(UTC) - seen).total_seconds() > STALE_AFTER
