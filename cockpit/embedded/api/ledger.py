"""The ledger of VM snapshots, as hdresearch/vers-agent-services serves it (src/commits)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.embedded.api.exchange import Rejected, json_response, query
from cockpit.embedded.api.javascript import includes, read_body, stripped
from cockpit.embedded.api.moments import moment_ms, moment_text
from cockpit.embedded.api.paths import NAME
from cockpit.embedded.api.service_records import Document, ServiceRecords


class CommitLedger:
    """The routes of the ledger; an entry is named by its commit."""

    def __init__(self, services: ServiceRecords) -> None:
        self._entries = services.ledger
        self._ids = services.ids

    def routes(self) -> list[Route]:
        """Return the routes."""
        entry = f"/commits/{{id:{NAME}}}"
        return [
            Route("/commits", self.record, methods=["POST"]),
            Route("/commits", self.list_entries, methods=["GET"]),
            Route(entry, self.get, methods=["GET"]),
            Route(entry, self.delete, methods=["DELETE"]),
        ]

    async def record(self, request: Request) -> Response:
        """POST /commits: a commit is recorded once."""
        body = await read_body(request)
        commit, vm = body.required("commitId"), body.required("vmId")
        if self._entries.get(commit) is not None:
            raise Rejected(409, "commit already recorded")
        tags = body.get("tags")
        if "tags" in body and not isinstance(tags, list):
            raise Rejected(400, "tags must be an array")
        entry: Document = {"id": self._ids.new(), "commitId": commit, "vmId": vm, "timestamp": moment_text()}
        entry |= {name: text for name in ("label", "agent") if (text := body.trimmed(name))}
        if tags:
            entry["tags"] = [stripped(tag) for tag in tags]
        entry |= body.given("metadata")
        self._entries.put(entry)
        return json_response(entry, 201)

    async def list_entries(self, request: Request) -> Response:
        """GET /commits: newest first, filters joined with and."""
        entries = self._entries.all()
        if tag := query(request, "tag"):
            entries = [entry for entry in entries if "tags" in entry and includes(entry["tags"], tag)]
        for name in ("agent", "label", "vmId"):
            if wanted := query(request, name):
                entries = [entry for entry in entries if entry.get(name) == wanted]
        if since := query(request, "since"):
            begin = moment_ms(since)
            entries = [entry for entry in entries if begin is not None and _moment(entry) >= begin]
        entries.reverse()
        return json_response({"commits": entries, "count": len(entries)})

    def _entry(self, request: Request) -> Document:
        entry = self._entries.get(request.path_params["id"])
        if entry is None:
            raise Rejected(404, "Commit not found")
        return entry

    async def get(self, request: Request) -> Response:
        """GET /commits/:commitId."""
        return json_response(self._entry(request))

    async def delete(self, request: Request) -> Response:
        """DELETE /commits/:commitId."""
        self._entries.remove(self._entry(request)["commitId"])
        return json_response({"deleted": True})


def _moment(entry: Document) -> float:
    return moment_ms(entry["timestamp"]) or 0.0
