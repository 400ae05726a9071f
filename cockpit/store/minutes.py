"""Records of some kinds that came to each file since the last look, for what is summed up as it grows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cockpit.model.codec import decode_event, safe_text
from cockpit.model.events import Record
from cockpit.model.ids import AgentId
from cockpit.store.reader import Reader

MOST_RECORDS = 20_000
"""Records that are read at once, of each file the newest."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What came to one agent's files."""

    records: list[Record]
    answers: list[tuple[str, float]]
    """(dialog, unix seconds) of all answers since the moment."""


class GrownFiles:
    """What was recorded since the last look, in one store."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def agents(self, since: float) -> list[AgentId]:
        """Return whose files grew since a moment."""
        return await self._reader.run(lambda connection: _grown(connection, since))

    async def of(self, agent: AgentId, since: float, after: tuple[int, int] | None, kinds: Collection[str]) -> Growth:
        """Return an agent's records of some kinds.

        Args:
            agent: whose.
            since: unix seconds; what was read before is left out.
            after: (epoch, line) of the last record of the look before; None at the first.
            kinds: by their stable names.
        """
        return await self._reader.run(lambda connection: _growth(connection, agent, since, after, kinds))


def _grown(connection: sqlite3.Connection, since: float) -> list[AgentId]:
    rows = connection.execute(
        "SELECT DISTINCT agent FROM epochs WHERE coalesce(cursor_at, started_at) >= ? ORDER BY agent", (since,)
    )
    return [AgentId(agent) for (agent,) in rows]


def _growth(
    connection: sqlite3.Connection,
    agent: AgentId,
    since: float,
    after: tuple[int, int] | None,
    kinds: Collection[str],
) -> Growth:
    names: Mapping[int, str] = {
        number: name for number, name in connection.execute("SELECT id, name FROM kinds") if name in kinds
    }
    streams = connection.execute(
        "SELECT id, epoch FROM epochs WHERE agent = ? AND coalesce(cursor_at, started_at) >= ? ORDER BY epoch",
        (safe_text(agent), since),
    ).fetchall()
    found: list[Record] = []
    for stream, epoch in streams:
        if after is not None and epoch < after[0]:
            continue
        begin = after[1] if after is not None and epoch == after[0] else _last_before(connection, stream, since)
        rows = connection.execute(
            "SELECT line, offset, length, at, kind, body FROM events WHERE stream = ? AND line > ?"
            " AND kind IN (SELECT value FROM json_each(?)) ORDER BY line DESC LIMIT ?",
            (stream, begin, json.dumps([*names]), MOST_RECORDS),
        ).fetchall()
        for line, offset, length, at, kind, body in reversed(rows):
            event = decode_event(names[kind], body)
            found.append(Record(agent, epoch, line, offset, offset + length, at, event))
    answers = connection.execute(
        "SELECT dialog_id, at FROM answers WHERE agent = ? AND at >= ?", (safe_text(agent), since)
    ).fetchall()
    return Growth(found, [(dialog, at) for dialog, at in answers])


def _last_before(connection: sqlite3.Connection, stream: int, since: float) -> int:
    row = connection.execute(
        "SELECT line FROM events WHERE stream = ? AND at < ? ORDER BY line DESC LIMIT 1", (stream, since)
    ).fetchone()
    return -1 if row is None else int(row[0])
