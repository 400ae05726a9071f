"""What the operator owes: questions and blockers with their words, what was written in answer, and what is settled."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, fields

from cockpit.model.codec import safe_text
from cockpit.model.ids import TaskId
from cockpit.model.owed import Owed, OwedKind
from cockpit.store.reader import Reader
from cockpit.store.writer import Writer

SETTLED_KEPT = 20_000
"""So many settled ones are remembered, the newest: more than a feed holds."""

WORDS_KEPT = 200
"""Of so many of them the words are kept, too: they can be told again."""

_FIELDS = frozenset(field.name for field in fields(Owed))


class OwedLog:
    """The questions and blockers of one store."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def keep(self, owed: Iterable[Owed]) -> None:
        """Keep what is owed with its words; what was settled stays so. On the disk on return.

        Raises:
            StoreError: the disk refused.
        """
        rows = [(safe_text(one.key), one.at, _body(one)) for one in owed]
        await self._writer.run(lambda connection: _keep(connection, rows), durable=True)

    async def settle(self, keys: Iterable[str]) -> None:
        """Remember that something is owed no more: it was answered, or the operator wants to hear no more of it.

        Raises:
            StoreError: the disk refused.
        """
        rows = [(safe_text(key),) for key in keys]
        await self._writer.run(lambda connection: _settle(connection, rows), durable=True)

    async def reopen(self, key: str) -> bool:
        """Take back that something is owed no more; return whether it was settled. On the disk on return.

        Raises:
            StoreError: the disk refused.
        """
        return bool(await self._writer.run(lambda connection: _reopen(connection, safe_text(key)), durable=True))

    async def open(self) -> tuple[Owed, ...]:
        """Return what is owed, the oldest first."""
        return await self._reader.run(_read_open)

    async def settled(self) -> frozenset[str]:
        """Return the keys of what was settled."""
        return await self._reader.run(_read_settled)


def _body(owed: Owed) -> str:
    # Foreign words may hold halves of surrogate pairs: as ASCII they come back as they were.
    return json.dumps(asdict(owed), ensure_ascii=True)


def _keep(connection: sqlite3.Connection, rows: list[tuple[str, float, str]]) -> None:
    connection.executemany(
        "INSERT INTO owed (key, at, body, settled) VALUES (?, ?, ?, 0)"
        " ON CONFLICT (key) DO UPDATE SET body = excluded.body WHERE settled = 0",
        rows,
    )


def _settle(connection: sqlite3.Connection, rows: list[tuple[str]]) -> None:
    connection.executemany(
        "INSERT INTO owed (key, at, body, settled) VALUES (?, 0, '', 1) ON CONFLICT (key) DO UPDATE SET settled = 1",
        rows,
    )
    connection.execute(
        "UPDATE owed SET body = '' WHERE settled = 1 AND body != '' AND rowid <="
        " (SELECT rowid FROM owed WHERE settled = 1 AND body != '' ORDER BY rowid DESC LIMIT 1 OFFSET ?)",
        (WORDS_KEPT,),
    )
    connection.execute(
        "DELETE FROM owed WHERE settled = 1 AND rowid <= (SELECT max(rowid) FROM owed) - ?", (SETTLED_KEPT,)
    )


def _reopen(connection: sqlite3.Connection, key: str) -> int:
    """Have it waiting again; of one without its words board and feed tell anew."""
    told = connection.execute("UPDATE owed SET settled = 0 WHERE key = ? AND settled = 1 AND body != ''", (key,))
    bare = connection.execute("DELETE FROM owed WHERE key = ? AND settled = 1", (key,))
    return told.rowcount + bare.rowcount


def _read_open(connection: sqlite3.Connection) -> tuple[Owed, ...]:
    rows = connection.execute("SELECT body FROM owed WHERE settled = 0 ORDER BY at, key").fetchall()
    return tuple(_owed(json.loads(body)) for (body,) in rows)


def _owed(values: dict[str, object]) -> Owed:
    known = {key: value for key, value in values.items() if key in _FIELDS}
    known["kind"] = OwedKind(str(known["kind"]))
    known["task"] = TaskId(str(task)) if (task := known.get("task")) else None
    return Owed(**known)  # type: ignore[arg-type]


def _read_settled(connection: sqlite3.Connection) -> frozenset[str]:
    return frozenset(key for (key,) in connection.execute("SELECT key FROM owed WHERE settled = 1"))
