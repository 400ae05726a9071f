"""The feed: events, and their stream with replay, as hdresearch/vers-agent-services serves it (src/feed/routes.ts)."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.embedded.api.exchange import Rejected, json_response, query
from cockpit.embedded.api.javascript import as_object, is_one_of, read_body
from cockpit.embedded.api.moments import moment_ms
from cockpit.embedded.api.service_records import Document, Feed, ServiceRecords
from cockpit.embedded.api.streams import HEARTBEAT_INTERVAL, EventStream
from cockpit.services.vocabularies import EVENT_TYPES

DEFAULT_LIMIT = 50


class FeedApi:
    """The feed's routes."""

    def __init__(self, services: ServiceRecords, heartbeat: float = HEARTBEAT_INTERVAL) -> None:
        self._feed: Feed = services.feed
        self._heartbeat = heartbeat

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/feed/events", self.list_events, methods=["GET"]),
            Route("/feed/events", self.publish, methods=["POST"]),
            Route("/feed/events", self.clear, methods=["DELETE"]),
            Route("/feed/events/{id}", self.get, methods=["GET"]),
            Route("/feed/stats", self.stats, methods=["GET"]),
            Route("/feed/stream", self.stream, methods=["GET"]),
        ]

    async def publish(self, request: Request) -> Response:
        """POST /feed/events."""
        fields = (await read_body(request, guarded=True)).fields
        for name in ("agent", "type", "summary"):
            value = fields.get(name)
            if name == "type" and not is_one_of(value, EVENT_TYPES):
                raise Rejected(400, f"Invalid 'type'. Must be one of: {', '.join(EVENT_TYPES)}")
            if not isinstance(value, str) or not value:
                raise Rejected(400, f"Missing or invalid '{name}' field")
        kept: dict[str, Any] = {name: fields[name] for name in ("agent", "type", "summary")}
        kept |= {name: fields[name] for name in ("detail", "metadata") if name in fields}
        return json_response(self._feed.publish(kept), 201)

    async def list_events(self, request: Request) -> Response:
        """GET /feed/events: the newest `limit` after filtering, oldest first."""
        agent, kind, since = query(request, "agent"), query(request, "type"), query(request, "since")
        events = self._feed.readable()
        if agent:
            events = [event for event in events if event["agent"] == agent]
        if kind:
            events = [event for event in events if event["type"] == kind]
        if since:
            events = _after(events, since)
        limit = _limit(query(request, "limit"))
        return json_response(events[-limit:] if limit > 0 else events)

    async def get(self, request: Request) -> Response:
        """GET /feed/events/:id."""
        wanted = request.path_params["id"]
        for event in reversed(self._feed.readable()):
            if event["id"] == wanted:
                return json_response(event)
        raise Rejected(404, "Event not found")

    async def stats(self, _request: Request) -> Response:
        """GET /feed/stats: counts over what can be read."""
        events = self._feed.readable()
        latest: dict[str, Document] = {event["agent"]: event for event in events}
        return json_response(
            {
                "total": len(events),
                "byAgent": as_object(Counter(event["agent"] for event in events)),
                "byType": Counter(event["type"] for event in events),
                "latestPerAgent": as_object(latest),
            }
        )

    async def clear(self, _request: Request) -> Response:
        """DELETE /feed/events: everything, and nobody is told."""
        self._feed.clear()
        return json_response({"ok": True})

    async def stream(self, request: Request) -> Response:
        """GET /feed/stream: events as they come, after those missed since an id."""
        agent, since = query(request, "agent"), query(request, "since")
        # No await lies between the two: an event is either in the replay or reaches the listener.
        missed = [event for event in self._feed.readable() if event["id"] > since] if since else []
        return EventStream(
            self._feed.listeners, missed, self._heartbeat, lambda event: not agent or event["agent"] == agent
        )


def _limit(text: str) -> int:
    """Return the leading integer of a text, 0 (no limit) if it has none, the default if it is empty."""
    if not text:
        return DEFAULT_LIMIT
    match = re.match(r"\s*([+-]?\d{1,9})", text)
    return int(match[1]) if match else 0


def _after(events: list[Document], since: str) -> list[Document]:
    """Return the events after an id (26 letters or digits) or after a date; none if it is neither."""
    if re.fullmatch(r"[0-9A-Za-z]{26}", since):
        return [event for event in events if event["id"] > since]
    moment = moment_ms(since)
    if moment is None:
        return []
    return [event for event in events if (moment_ms(event["timestamp"]) or 0.0) > moment]
