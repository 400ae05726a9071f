"""Events of some kinds since a moment, of all agents: read from the end of each file back, for time has no index."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection

from cockpit.model.codec import decode_event
from cockpit.model.events import Record
from cockpit.model.ids import AgentId
from cockpit.store.reader import Reader

MOST_RECORDS = 20_000
"""Records that are read at most, of each file its newest."""


class LateEvents:
    """What was recorded since a moment, in one store."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def since(self, at: float, kinds: Collection[str]) -> list[Record]:
        """Return the records of some kinds since a moment, each agent's in its order."""
        return await self._reader.run(lambda connection: _read(connection, at, kinds))


def _read(connection: sqlite3.Connection, since: float, kinds: Collection[str]) -> list[Record]:
    numbers = {number: name for number, name in connection.execute("SELECT id, name FROM kinds") if name in kinds}
    wanted = json.dumps([*numbers])
    found: list[Record] = []
    streams = connection.execute(
        "SELECT id, agent, epoch FROM epochs WHERE coalesce(cursor_at, started_at) >= ? ORDER BY agent, epoch", (since,)
    ).fetchall()
    for stream, agent, epoch in streams:
        last = connection.execute(
            "SELECT line FROM events WHERE stream = ? AND at < ? ORDER BY line DESC LIMIT 1", (stream, since)
        ).fetchone()
        rows = connection.execute(
            "SELECT line, offset, length, at, kind, body FROM events WHERE stream = ? AND line > ?"
            " AND kind IN (SELECT value FROM json_each(?)) ORDER BY line DESC LIMIT ?",
            (stream, -1 if last is None else last[0], wanted, MOST_RECORDS),
        ).fetchall()
        for line, offset, length, at, kind, body in reversed(rows):
            event = decode_event(numbers[kind], body)
            found.append(Record(AgentId(agent), epoch, line, offset, offset + length, at, event))
    return found
