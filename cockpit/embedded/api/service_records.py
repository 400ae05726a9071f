"""The services' data as JSON documents in the fleet's file; feed and SkillHub also tell their listeners.

Ids are ULIDs that grow strictly, over a clock that steps back and over a restart, so `since=<id>` loses nothing here.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

from cockpit.embedded.api.exchange import well_formed
from cockpit.embedded.api.moments import moment_text
from cockpit.embedded.api.records import Records
from cockpit.embedded.api.streams import Listeners
from cockpit.embedded.api.tables import SERVICE_TABLES
from cockpit.services import ulid

logger = logging.getLogger(__name__)

Document = dict[str, Any]

FEED_LIMIT = 10_000
"""Feed events that can be read; older ones are dropped."""
FEED_SLACK = 500
"""Events beyond the limit that may gather before the oldest are removed from the file."""
CHANGES_LIMIT = 1_000
"""Changes of skills, and as many of extensions, that a stream can replay."""


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
        """Open a table.

        Args:
            records: the file.
            table: its name.
        """
        self._records = records
        self._table = table
        self._key = SERVICE_TABLES[table]

    def all(self) -> list[Document]:
        """Return every document, oldest first; a damaged one is left out and said."""
        rows = self._records.database.execute(f"SELECT id, document FROM {self._table} ORDER BY seq")
        return [document for row in rows if (document := self._read(*row)) is not None]

    def get(self, identifier: str) -> Document | None:
        """Return one document."""
        query = f"SELECT id, document FROM {self._table} WHERE id = ?"
        row = self._records.database.execute(query, (well_formed(identifier),)).fetchone()
        return None if row is None else self._read(*row)

    def _read(self, identifier: str, text: str) -> Document | None:
        try:
            document = json.loads(text)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            logger.error("a document of %s is damaged and is left out: %s", self._table, identifier)
            return None
        return document

    def put(self, document: Document) -> None:
        """Write a document, new or changed; a changed one keeps its place."""
        self._records.database.execute(
            f"INSERT INTO {self._table} (id, document) VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            (well_formed(document[self._key]), json.dumps(document)),
        )

    def remove(self, identifier: str) -> bool:
        """Remove a document and say whether it was there."""
        query = f"DELETE FROM {self._table} WHERE id = ?"
        return self._records.database.execute(query, (well_formed(identifier),)).rowcount > 0

    def keep_newest(self, count: int) -> None:
        """Remove all but the newest documents."""
        query = f"DELETE FROM {self._table} WHERE seq <= (SELECT max(seq) FROM {self._table}) - ?"
        self._records.database.execute(query, (count,))

    def clear(self) -> None:
        """Remove every document."""
        self._records.database.execute(f"DELETE FROM {self._table}")

    def newest_id(self) -> str:
        """Return the greatest id, empty if there is no document."""
        row = self._records.database.execute(f"SELECT max(id) FROM {self._table}").fetchone()
        return row[0] or ""


class Feed:
    """The feed: the newest events in memory order, the file behind them, and those who listen."""

    def __init__(self, records: Records) -> None:
        self._documents = Documents(records, "feed")
        self._ids = Ids(self._documents.newest_id())
        self._events = self._documents.all()[-FEED_LIMIT:]
        self._stored = len(self._events)
        self.listeners = Listeners()

    def publish(self, fields: Document) -> Document:
        """Give an event its id and time, keep it, tell the listeners, and return it."""
        event: Document = {"id": self._ids.new()}
        event |= {name: fields[name] for name in ("agent", "type", "summary")}
        event["timestamp"] = moment_text()
        event |= {name: value for name, value in fields.items() if name not in event}
        self._documents.put(event)
        self._events.append(event)
        self._stored += 1
        if len(self._events) > FEED_LIMIT + FEED_SLACK:
            self._events = self._events[-FEED_LIMIT:]
        if self._stored > FEED_LIMIT + FEED_SLACK:
            self._documents.keep_newest(FEED_LIMIT)
            self._stored = FEED_LIMIT
        self.listeners.tell(event)
        return event

    def readable(self) -> list[Document]:
        """Return the events a reader may see, oldest first."""
        return self._events[-FEED_LIMIT:]

    def clear(self) -> None:
        """Forget every event; listeners are not told."""
        self._documents.clear()
        self._events = []
        self._stored = 0


class HubChanges:
    """What happened to skills and extensions, and who listens to it."""

    def __init__(self, records: Records) -> None:
        self._kinds = {
            "skill": Documents(records, "skill_changes"),
            "extension": Documents(records, "extension_changes"),
        }
        self._ids = Ids(max(documents.newest_id() for documents in self._kinds.values()))
        self.listeners = Listeners()

    def tell(self, kind: str, name: str, version: int, action: str) -> None:
        """Write a change down and tell the listeners."""
        change: Document = {"id": self._ids.new(), "type": kind, "name": name, "version": version, "action": action}
        change["timestamp"] = moment_text()
        documents = self._kinds[kind]
        documents.put(change)
        documents.keep_newest(CHANGES_LIMIT)
        self.listeners.tell(change)

    def since(self, identifier: str) -> list[Document]:
        """Return the changes after an id, oldest first."""
        changes = [change for documents in self._kinds.values() for change in documents.all()]
        return sorted((one for one in changes if one["id"] > identifier), key=lambda one: str(one["id"]))


class ServiceRecords:
    """All services on one file."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.tasks = Documents(records, "tasks")
        self.feed = Feed(records)
        self.registry = Documents(records, "registry")
        self.log = Documents(records, "log")
        self.journal = Documents(records, "journal")
        self.usage_sessions = Documents(records, "usage_sessions")
        self.usage_vms = Documents(records, "usage_vms")
        self.skills = Documents(records, "skills")
        self.extensions = Documents(records, "extensions")
        self.changes = HubChanges(records)
        self.skill_agents = Documents(records, "skill_agents")
        self.reports = Documents(records, "reports")
        self.share_links = Documents(records, "share_links")
        self.share_access = Documents(records, "share_access")
        self.ledger = Documents(records, "ledger")
        self.task_ids = Ids(self.tasks.newest_id())
        """Also names the notes: an id is unique over the whole board."""
        self.ids = Ids()
        """Names what is never asked for by "after this id"."""

    def end_streams(self) -> None:
        """End every open stream and each new one at once, so that a server which stops need not wait for them."""
        self.feed.listeners.end()
        self.changes.listeners.end()
