"""Work log and journal, as hdresearch/vers-agent-services serves them (src/log, src/journal)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.embedded.api.exchange import json_response, plain, query
from cockpit.embedded.api.javascript import read_body, stripped
from cockpit.embedded.api.moments import Window, moment_text
from cockpit.embedded.api.service_records import Document, ServiceRecords


class WorkLog:
    """The routes of the work log."""

    def __init__(self, services: ServiceRecords) -> None:
        self._entries = services.log
        self._ids = services.ids

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/log", self.append, methods=["POST"]),
            Route("/log", self.list_entries, methods=["GET"]),
            Route("/log/raw", self.raw, methods=["GET"]),
        ]

    async def append(self, request: Request) -> Response:
        """POST /log."""
        body = await read_body(request)
        entry: Document = {"id": self._ids.new(), "timestamp": moment_text(), "text": body.required("text")}
        if agent := body.trimmed("agent"):
            entry["agent"] = agent
        self._entries.put(entry)
        return json_response(entry, 201)

    async def list_entries(self, request: Request) -> Response:
        """GET /log: oldest first."""
        entries = self._within(request)
        return json_response({"entries": entries, "count": len(entries)})

    async def raw(self, request: Request) -> Response:
        """GET /log/raw: a text, in which line breaks of entries are not escaped."""
        lines = (
            f"[{entry['timestamp']}]{_mark(' ({})', entry.get('agent'))} {entry['text']}"
            for entry in self._within(request)
        )
        return plain(200, "\n".join(lines))

    def _within(self, request: Request) -> list[Document]:
        window = Window(request)
        return [entry for entry in self._entries.all() if window.holds(entry["timestamp"])]


class Journal:
    """The routes of the journal."""

    def __init__(self, services: ServiceRecords) -> None:
        self._entries = services.journal
        self._ids = services.ids

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/journal", self.append, methods=["POST"]),
            Route("/journal", self.list_entries, methods=["GET"]),
            Route("/journal/raw", self.raw, methods=["GET"]),
        ]

    async def append(self, request: Request) -> Response:
        """POST /journal."""
        body = await read_body(request)
        entry: Document = {"id": self._ids.new(), "timestamp": moment_text(), "text": body.required("text")}
        entry |= {name: text for name in ("author", "mood") if (text := body.trimmed(name))}
        given = body.get("tags")
        if isinstance(given, list) and (tags := [tag for one in given if (tag := stripped(one))]):
            entry["tags"] = tags
        self._entries.put(entry)
        return json_response(entry, 201)

    async def list_entries(self, request: Request) -> Response:
        """GET /journal: oldest first."""
        if query(request, "raw") == "true":
            return await self.raw(request)
        entries = self._within(request)
        return json_response({"entries": entries, "count": len(entries)})

    async def raw(self, request: Request) -> Response:
        """GET /journal/raw."""
        return plain(200, "\n".join(_line(entry) for entry in self._within(request)))

    def _within(self, request: Request) -> list[Document]:
        window = Window(request)
        entries = [entry for entry in self._entries.all() if window.holds(entry["timestamp"])]
        if author := query(request, "author").lower():
            entries = [entry for entry in entries if entry.get("author", "").lower() == author]
        if tag := query(request, "tag").lower():
            entries = [entry for entry in entries if any(one.lower() == tag for one in entry.get("tags", ()))]
        return entries


def _line(entry: Document) -> str:
    marks = _mark(" ({})", entry.get("author")) + _mark(" [{}]", entry.get("mood"))
    tags = "".join(f" #{tag}" for tag in entry.get("tags", ()))
    return f"[{entry['timestamp']}]{marks}{tags} {entry['text']}"


def _mark(form: str, value: object) -> str:
    return form.format(value) if value else ""
