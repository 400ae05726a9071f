"""Board, feed and registry as JSON documents in the fleet's file; the feed also tells its listeners.

Ids are ULIDs that grow strictly, over a clock that steps back and over a restart, so `since=<id>` loses nothing here.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from cockpit.embedded.api.records import Records
from cockpit.services import ulid

Document = dict[str, Any]

FEED_LIMIT = 10_000
"""Feed events that can be read; older ones are dropped."""
FEED_SLACK = 500
"""Events beyond the limit that may gather before the oldest are removed from the file."""
LISTENER_LIMIT = 2_000
"""Events that may wait for one slow listener before its stream is ended; it then reads again from its last id."""


def moment_text() -> str:
    """Return the present as the services write it: UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Ids:
    """Makes ULIDs, each greater than the one before."""

    def __init__(self, newest: str = "", clock: Callable[[], float] = time.time) -> None:
        self._last = ulid.decode(newest) or (0, 0)
        self._clock = clock

    def new(self) -> str:
        """Return an id greater than all before it."""
        milliseconds = int(self._clock() * 1000)
        if milliseconds > self._last[0]:
            # The top bit stays free, so that the millisecond can hold any number of followers.
            self._last = (milliseconds, secrets.randbits(ulid.RANDOM_BITS - 1))
        else:
            self._last = (self._last[0], self._last[1] + 1 + secrets.randbits(16))
        return ulid.encode(*self._last)


class Documents:
    """One table of documents in their order of arrival."""

    def __init__(self, records: Records, table: str) -> None:
        self._records = records
        self._table = table

    def all(self) -> list[Document]:
        """Return every document, oldest first."""
        rows = self._records.database.execute(f"SELECT document FROM {self._table} ORDER BY seq")
        return [json.loads(row[0]) for row in rows]

    def get(self, identifier: str) -> Document | None:
        """Return one document."""
        query = f"SELECT document FROM {self._table} WHERE id = ?"
        row = self._records.database.execute(query, (identifier,)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, document: Document) -> None:
        """Write a document, new or changed; a changed one keeps its place."""
        self._records.database.execute(
            f"INSERT INTO {self._table} (id, document) VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            (document["id"], json.dumps(document)),
        )

    def remove(self, identifier: str) -> bool:
        """Remove a document and say whether it was there."""
        query = f"DELETE FROM {self._table} WHERE id = ?"
        return self._records.database.execute(query, (identifier,)).rowcount > 0

    def newest_id(self) -> str:
        """Return the greatest id, empty if there is no document."""
        row = self._records.database.execute(f"SELECT max(id) FROM {self._table}").fetchone()
        return row[0] or ""


class Listener:
    """One open stream: events wait here until they are written out."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[Document | None] = asyncio.Queue(LISTENER_LIMIT)
        self.ended = False

    def tell(self, event: Document) -> None:
        """Hand over an event, or end the stream of a listener that does not keep up."""
        if self.ended:
            return
        try:
            self.events.put_nowait(event)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """End the stream after nothing more."""
        self.ended = True
        while True:
            with suppress(asyncio.QueueFull):
                self.events.put_nowait(None)
                return
            self.events.get_nowait()


class Feed:
    """The feed: the newest events in memory order, the file behind them, and those who listen."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._documents = Documents(records, "feed")
        self._ids = Ids(self._documents.newest_id())
        self._listeners: set[Listener] = set()
        self._ended = False
        self._events = self._documents.all()[-FEED_LIMIT:]
        self._stored = len(self._events)

    def publish(self, fields: Document) -> Document:
        """Give an event its id and time, keep it, tell the listeners, and return it."""
        event: Document = {"id": self._ids.new(), **fields, "timestamp": moment_text()}
        self._documents.put(event)
        self._events.append(event)
        self._stored += 1
        if len(self._events) > FEED_LIMIT + FEED_SLACK:
            self._events = self._events[-FEED_LIMIT:]
        if self._stored > FEED_LIMIT + FEED_SLACK:
            self._records.database.execute(
                "DELETE FROM feed WHERE seq <= (SELECT max(seq) FROM feed) - ?", (FEED_LIMIT,)
            )
            self._stored = FEED_LIMIT
        for listener in tuple(self._listeners):
            listener.tell(event)
        return event

    def readable(self) -> list[Document]:
        """Return the events a reader may see, oldest first."""
        return self._events[-FEED_LIMIT:]

    def clear(self) -> None:
        """Forget every event; listeners are not told."""
        self._records.database.execute("DELETE FROM feed")
        self._events = []
        self._stored = 0

    def listen(self) -> Listener:
        """Open a stream; pair it with `leave`. Events published from now on reach it."""
        listener = Listener()
        if self._ended:
            listener.end()
        else:
            self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Close a stream."""
        self._listeners.discard(listener)

    def end_streams(self) -> None:
        """End every open stream and each new one at once, so that a server which stops need not wait for them."""
        self._ended = True
        for listener in tuple(self._listeners):
            listener.end()


class ServiceRecords:
    """The three services on one file."""

    def __init__(self, records: Records) -> None:
        self.tasks = Documents(records, "tasks")
        self.feed = Feed(records)
        self.registry = Documents(records, "registry")
        self.task_ids = Ids(self.tasks.newest_id())
        """Also names the notes: an id is unique over the whole board."""
