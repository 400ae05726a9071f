"""The feed: events, and their stream with replay, as hdresearch/vers-agent-services serves it (src/feed/routes.ts)."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from cockpit.embedded.api.exchange import (
    Rejected,
    body_bytes,
    json_line,
    json_response,
    parse_json,
    query,
)
from cockpit.embedded.api.service_records import Document, Feed, Listener, ServiceRecords
from cockpit.services.vocabularies import EVENT_TYPES

DEFAULT_LIMIT = 50
HEARTBEAT_INTERVAL = 15.0
"""Seconds between two comments on an open stream, counted from its start."""


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
        try:
            body = parse_json(await body_bytes(request))
        except ValueError as error:
            raise Rejected(400, "Invalid JSON body") from error
        fields = body if isinstance(body, dict) else {}
        for name in ("agent", "type", "summary"):
            value = fields.get(name)
            if name == "type" and value not in EVENT_TYPES:
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
                "byAgent": Counter(event["agent"] for event in events),
                "byType": Counter(event["type"] for event in events),
                "latestPerAgent": latest,
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
        listener = self._feed.listen()
        return _EventStream(self._frames(listener, missed, agent), self._feed, listener)

    async def _frames(self, listener: Listener, missed: list[Document], agent: str) -> AsyncIterator[bytes]:
        for past in missed:
            if not agent or past["agent"] == agent:
                yield _frame(past)
        next_heartbeat = time.monotonic() + self._heartbeat
        while True:
            try:
                async with asyncio.timeout(max(0.0, next_heartbeat - time.monotonic())):
                    event = await listener.events.get()
            except TimeoutError:
                yield b": heartbeat\n\n"
                next_heartbeat += self._heartbeat
                continue
            if event is None:
                return
            if not agent or event["agent"] == agent:
                yield _frame(event)


class _EventStream(StreamingResponse):
    """A stream that leaves the feed however it ends."""

    def __init__(self, frames: AsyncIterator[bytes], feed: Feed, listener: Listener) -> None:
        super().__init__(frames, headers={"cache-control": "no-cache", "content-type": "text/event-stream"})
        self._feed = feed
        self._listener = listener

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._feed.leave(self._listener)


def _frame(event: Document) -> bytes:
    return b"data: " + json_line(event) + b"\n\n"


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
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        return []
    if since.isdigit():
        return []
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return [event for event in events if datetime.fromisoformat(event["timestamp"]) > moment]
