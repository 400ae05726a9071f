"""Reading, on connections of its own in a small pool of threads: a long search holds up no event."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from cockpit.model.codec import decode_event, safe_text
from cockpit.model.events import Record
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.store import schema
from cockpit.store.errors import StoreError, is_damage, store_error
from cockpit.store.open_file import suspicion_of
from cockpit.store.rows import AgentRow, Recollection, StoredCursor, StoredSnapshot

THREADS = 2
"""One for a long search, one for everything else."""

READ_SECONDS = 10.0
"""How long one reading may take."""

_CHECK_INTERVAL = 10_000
"""SQLite instructions between two looks at the clock."""

Result = TypeVar("Result")


class Reader:
    """Runs functions of a connection in a pool of threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="store-reader")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._closed = False

    async def run(self, read: Callable[[sqlite3.Connection], Result]) -> Result:
        """Return what a function reads.

        Raises:
            StoreError: the file cannot be read, the store is closed, or it took more than `READ_SECONDS`.
        """
        if self._closed:
            raise StoreError(f"the store {self._path} is closed")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, read)

    async def close(self) -> None:
        """Wait for what is being read and close the connections."""
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown)
        for connection in self._connections:
            connection.close()

    def _read(self, read: Callable[[sqlite3.Connection], Result]) -> Result:
        deadline = time.monotonic() + READ_SECONDS
        try:
            connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = schema.connect(self._path, read_only=True)
                self._connections.append(connection)
            connection.set_progress_handler(lambda: time.monotonic() > deadline, _CHECK_INTERVAL)
            return read(connection)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
                raise StoreError(
                    f"what is recorded in {self._path} could not be read within {READ_SECONDS:g} s",
                    hint="try again when this machine is less busy, or ask for less",
                ) from error
            if is_damage(error):
                with contextlib.suppress(OSError):
                    suspicion_of(self._path).touch(mode=0o600)
            raise store_error("read", self._path, error) from error


def read_cursor(connection: sqlite3.Connection, agent: AgentId) -> StoredCursor | None:
    """Return the newest epoch's cursor, at the beginning where it has none yet; None for an unknown agent."""
    row = connection.execute(
        """
        SELECT epoch, coalesce(cursor_offset, 0), coalesce(cursor_line, 0), coalesce(cursor_identity, identity),
               coalesce(cursor_anchor, ''), coalesce(cursor_at, started_at)
        FROM epochs WHERE agent = ? ORDER BY epoch DESC LIMIT 1
        """,
        (safe_text(agent),),
    ).fetchone()
    return None if row is None else StoredCursor(*row)


def read_records(
    connection: sqlite3.Connection,
    agent: AgentId,
    before: tuple[int, int] | None,
    after: tuple[int, int] | None,
    limit: int,
    max_bytes: int | None = None,
    without: Collection[str] = (),
) -> list[Record]:
    """Return records in the order of (epoch, line): the oldest `limit` after a place, else the newest before one.

    With `max_bytes` they end with the record that brings their bodies to so many bytes. Kinds in `without` are left
    out.
    """
    newest_first = after is None
    order = "DESC" if newest_first else "ASC"
    kinds: dict[int, str] = dict(connection.execute("SELECT id, name FROM kinds"))
    unwanted = json.dumps([number for number, name in kinds.items() if name in without])
    streams = connection.execute(
        f"SELECT id, epoch FROM epochs WHERE agent = ? ORDER BY epoch {order}", (safe_text(agent),)
    ).fetchall()
    records: list[Record] = []
    room = max_bytes if max_bytes is not None else float("inf")
    for stream, epoch in streams:
        if len(records) >= limit or room <= 0:
            break
        low, high = _line_bounds(epoch, before, after)
        if low >= high:
            continue
        rows = connection.execute(
            "SELECT line, offset, length, at, kind, body FROM events"
            " WHERE stream = ? AND line > ? AND line < ? AND kind NOT IN (SELECT value FROM json_each(?))"
            f" ORDER BY line {order} LIMIT ?",
            (stream, low, high, unwanted, limit - len(records)),
        )
        for line, offset, length, at, kind, body in rows:
            event = decode_event(kinds.get(kind, str(kind)), body)
            records.append(Record(agent, epoch, line, offset, offset + length, at, event))
            room -= len(body)
            if room <= 0:
                break
    if newest_first:
        records.reverse()
    return records


def _line_bounds(epoch: int, before: tuple[int, int] | None, after: tuple[int, int] | None) -> tuple[int, int]:
    """Return the lines of an epoch that are asked for, both ends excluded."""
    low, high = -1, 2**62
    if after is not None and epoch <= after[0]:
        low = after[1] if epoch == after[0] else high
    if before is not None and epoch >= before[0]:
        high = before[1] if epoch == before[0] else low
    return low, high


def read_snapshot(connection: sqlite3.Connection, agent: AgentId) -> StoredSnapshot | None:
    """Return the newest reduced state that is not ahead of the cursor: its lines would be folded in twice."""
    row = connection.execute(
        """
        SELECT snapshots.epoch, snapshots.line, snapshots.body FROM snapshots
        JOIN epochs ON epochs.agent = snapshots.agent AND epochs.epoch = snapshots.epoch
        WHERE snapshots.agent = ? AND snapshots.line <= coalesce(epochs.cursor_line, 0)
        ORDER BY snapshots.epoch DESC, snapshots.line DESC LIMIT 1
        """,
        (safe_text(agent),),
    ).fetchone()
    return None if row is None else StoredSnapshot(*row)


def read_recollection(connection: sqlite3.Connection, agent: AgentId, limit: int) -> Recollection:
    """Return an agent's snapshot, its newest records and its answers, all of one moment."""
    connection.execute("BEGIN")
    try:
        return Recollection(
            read_snapshot(connection, agent),
            read_records(connection, agent, None, None, limit),
            read_answers(connection, agent),
        )
    finally:
        connection.execute("COMMIT")


def read_agents(connection: sqlite3.Connection, living: bool) -> list[AgentRow]:
    """Return every agent ever remembered, or those alone that were not destroyed, the oldest first."""
    names = tuple(field.name for field in fields(AgentRow))
    which = "WHERE destroyed_at IS NULL" if living else ""
    rows = connection.execute(f"SELECT {', '.join(names)} FROM agents {which} ORDER BY created_at, id")
    return [_agent_row(dict(zip(names, row, strict=True))) for row in rows]


def _agent_row(columns: dict[str, Any]) -> AgentRow:
    labels, findable = tuple(json.loads(columns["labels"])), bool(columns["findable"])
    return AgentRow(**{**columns, "labels": labels, "findable": findable})


_RECEIPT = "id, agent, verb, text, stage, created_at, reason, stages, epoch, line, images"


def read_receipts(connection: sqlite3.Connection, limit: int) -> list[Receipt]:
    """Return the newest receipts, the oldest of them first."""
    rows = connection.execute(
        f"SELECT {_RECEIPT} FROM receipts ORDER BY created_at DESC, rowid DESC LIMIT ?", (limit,)
    ).fetchall()
    return [_receipt(row) for row in reversed(rows)]


def read_changed_receipts(connection: sqlite3.Connection, after: int) -> tuple[int, list[Receipt]]:
    """Return the receipts written since a mark, and the new mark; the newest one may come twice.

    A receipt that is replaced gets the highest row number there is, so the numbers tell what is new.
    """
    newest: int = connection.execute("SELECT coalesce(max(rowid), 0) FROM receipts").fetchone()[0]
    rows = connection.execute(
        f"SELECT {_RECEIPT} FROM receipts WHERE rowid >= ? ORDER BY created_at, rowid", (min(after, newest),)
    ).fetchall()
    return newest, [_receipt(row) for row in rows]


def _receipt(row: tuple[Any, ...]) -> Receipt:
    command, agent, verb, text, stage, created_at, reason, stages, epoch, line, images = row
    return Receipt(
        id=CommandId(command),
        agent=None if agent is None else AgentId(agent),
        verb=verb,
        text=text,
        stage=Stage(stage),
        created_at=created_at,
        stages=tuple((Stage(name), at) for name, at in json.loads(stages)),
        reason=reason,
        place=None if epoch is None else (epoch, line),
        images=tuple(json.loads(images)),
    )


def read_run_before(connection: sqlite3.Connection, agent: AgentId, place: tuple[int, int]) -> tuple[int, int]:
    """Return the place before the run that was open at a place, as far as is known; else the place itself."""
    row = connection.execute(
        """
        SELECT max(line) FROM events JOIN epochs ON epochs.id = events.stream
        WHERE agent = ? AND epoch = ? AND line <= ? AND kind = (SELECT id FROM kinds WHERE name = 'run_started')
        """,
        (safe_text(agent), *place),
    ).fetchone()
    return place if row[0] is None else (place[0], row[0] - 1)


def read_place_at(connection: sqlite3.Connection, agent: AgentId, at: float) -> tuple[int, int] | None:
    """Return epoch and line of an agent's last record up to a moment (unix seconds), else of its first one."""
    for condition, order in (("AND at <= ?", "DESC"), ("AND at > ?", "ASC")):
        row = connection.execute(
            "SELECT epoch, line FROM events JOIN epochs ON epochs.id = events.stream"
            f" WHERE agent = ? {condition} ORDER BY epoch {order}, line {order} LIMIT 1",
            (safe_text(agent), at),
        ).fetchone()
        if row is not None:
            return row[0], row[1]
    return None


def read_answers(connection: sqlite3.Connection, agent: AgentId) -> list[tuple[str, str]]:
    """Return (dialog id, text) of the answers given to an agent's dialogs, the oldest first."""
    rows = connection.execute(
        "SELECT dialog_id, text FROM answers WHERE agent = ? ORDER BY at, dialog_id", (safe_text(agent),)
    )
    return [(dialog_id, text) for dialog_id, text in rows]
