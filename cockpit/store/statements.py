"""What is written, as functions of a connection inside a transaction that the writer began."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from cockpit.model.codec import encode_event, kind_of, safe_text
from cockpit.model.events import DaemonStarted, Record
from cockpit.model.ids import AgentId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.receipts import is_newer
from cockpit.model.usage.charge import charges_of
from cockpit.store.rows import AgentRow, StoredCursor
from cockpit.store.search import searchable
from cockpit.store.usage.charges import add_charge, note_read
from cockpit.store.usage.processes import process_began

_ADD_EVENT = """
INSERT OR IGNORE INTO events (stream, line, offset, length, at, kind, body) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_ADD_TEXT = "INSERT OR IGNORE INTO texts (stream, line, at, source, body) VALUES (?, ?, ?, ?, ?)"
_MOVE_CURSOR = """
UPDATE epochs SET cursor_offset = ?, cursor_line = ?, cursor_identity = ?, cursor_anchor = ?, cursor_at = ?
WHERE id = ? AND (cursor_offset IS NULL OR cursor_offset <= ?)
"""
SNAPSHOTS_AHEAD = 8
"""Snapshots kept that are ahead of the cursor: they count once the cursor has come as far."""

_COVERED = """
SELECT snapshots.epoch, snapshots.line FROM snapshots
JOIN epochs ON epochs.agent = snapshots.agent AND epochs.epoch = snapshots.epoch
WHERE snapshots.agent = ? AND snapshots.line <= coalesce(epochs.cursor_line, 0)
ORDER BY snapshots.epoch DESC, snapshots.line DESC LIMIT 1
"""
_SAVE_AGENT = """
INSERT OR REPLACE INTO agents (id, name, kind, vm_id, role, program, labels, parent, paths_directory, workspace,
                               run_id, created_at, destroyed_at, account, parent_vm, colour, named_at, findable)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SAVE_RECEIPT = """
INSERT OR REPLACE INTO receipts (id, agent, verb, text, stage, created_at, reason, stages, epoch, line, images)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

Row = tuple[int, int, int, float, int, bytes]


class Streams:
    """The short numbers under which a file knows its epochs and its kinds of events."""

    def __init__(self) -> None:
        self._streams: dict[tuple[str, int], int] = {}
        self._kinds: dict[str, int] = {}
        self._begun: dict[int, int] = {}

    def forget(self) -> None:
        """Drop what was learnt: a transaction that gave new numbers was rolled back."""
        self._streams.clear()
        self._kinds.clear()
        self._begun.clear()

    def begins(self, stream: int, line: int) -> bool:
        """Say whether a line is before all that this process has written of an epoch, and take note of it."""
        known = self._begun.get(stream)
        if known is not None and known <= line:
            return False
        self._begun[stream] = line
        return True

    def stream(self, connection: sqlite3.Connection, agent: str, epoch: int) -> int:
        """Return the number of an agent's epoch, giving it one if need be."""
        number = self._streams.get((agent, epoch))
        if number is None:
            connection.execute("INSERT OR IGNORE INTO epochs (agent, epoch) VALUES (?, ?)", (agent, epoch))
            row = connection.execute("SELECT id FROM epochs WHERE agent = ? AND epoch = ?", (agent, epoch)).fetchone()
            number = self._streams[agent, epoch] = int(row[0])
        return number

    def kind(self, connection: sqlite3.Connection, name: str) -> int:
        """Return the number of a kind of event."""
        if not self._kinds:
            self._kinds = {name: number for number, name in connection.execute("SELECT id, name FROM kinds")}
        return self._kinds[name]


def add_records(
    connection: sqlite3.Connection,
    streams: Streams,
    agent: AgentId,
    records: Sequence[Record],
    cursor: StoredCursor | None,
) -> None:
    """Add records that are not there yet, and move the cursor forward."""
    name = safe_text(agent)
    events: list[tuple[object, ...]] = []
    texts: list[tuple[object, ...]] = []
    for record in records:
        stream = streams.stream(connection, name, record.epoch)
        kind = streams.kind(connection, kind_of(record.event))
        body = encode_event(record.event)
        events.append((stream, record.line, record.offset, record.end - record.offset, record.at, kind, body))
        found = searchable(record.event)
        if found is not None:
            texts.append((stream, record.line, record.at, *found))
        for charge in charges_of(record):
            add_charge(connection, charge, record.epoch, record.line)
        if isinstance(record.event, DaemonStarted):
            process_began(connection, name, record.epoch, record.line)
    if records and streams.begins(streams.stream(connection, name, records[0].epoch), records[0].line):
        note_read(connection, name, records[0].epoch, records[0].line)
    connection.executemany(_ADD_EVENT, events)
    if texts:
        connection.executemany(_ADD_TEXT, texts)
    if cursor is not None:
        stream = streams.stream(connection, name, cursor.epoch)
        place = (cursor.offset, cursor.line, safe_text(cursor.identity), safe_text(cursor.anchor), cursor.at)
        connection.execute(_MOVE_CURSOR, (*place, stream, cursor.offset))


def begin_epoch(
    connection: sqlite3.Connection, agent: AgentId, identity: str, reason: str, at: float, ended: int | None
) -> tuple[int, str]:
    """Return the epoch of a file and why it began: the newest one if it is that file's, else a new one."""
    name = safe_text(agent)
    row = connection.execute(
        "SELECT epoch, identity, reason FROM epochs WHERE agent = ? ORDER BY epoch DESC LIMIT 1", (name,)
    ).fetchone()
    newest = 0 if row is None else int(row[0])
    if row is not None and row[1] == safe_text(identity) and (ended is None or newest > ended):
        return newest, str(row[2])
    connection.execute(
        "INSERT INTO epochs (agent, epoch, identity, reason, started_at) VALUES (?, ?, ?, ?, ?)",
        (name, newest + 1, safe_text(identity), safe_text(reason), at),
    )
    return newest + 1, reason


def save_snapshot(connection: sqlite3.Connection, agent: AgentId, epoch: int, line: int, body: bytes) -> None:
    """Keep a reduced state, and of the earlier ones the newest that the cursor has reached."""
    name = safe_text(agent)
    reached = connection.execute(_COVERED, (name,)).fetchone() or (0, -1)
    if (epoch, line) < reached:
        return
    connection.execute("DELETE FROM snapshots WHERE agent = ? AND (epoch, line) < (?, ?)", (name, *reached))
    ahead = connection.execute(
        "SELECT count(*) FROM snapshots WHERE agent = ? AND (epoch, line) > (?, ?)", (name, *reached)
    ).fetchone()[0]
    if ahead < SNAPSHOTS_AHEAD:
        connection.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)", (name, epoch, line, body))


def save_agent(connection: sqlite3.Connection, row: AgentRow) -> None:
    """Keep or replace an agent's row."""
    words = (row.id, row.name, row.kind, row.vm_id, row.role, row.program)
    labels = json.dumps([safe_text(label) for label in row.labels])
    more = (row.parent, row.paths_directory, row.workspace, row.run_id)
    connection.execute(
        _SAVE_AGENT,
        (
            *map(safe_text, words),
            labels,
            *map(safe_text, more),
            row.created_at,
            row.destroyed_at,
            *map(safe_text, (row.account, row.parent_vm, row.colour)),
            row.named_at,
            row.findable,
        ),
    )


def save_receipt(connection: sqlite3.Connection, receipt: Receipt) -> None:
    """Keep or replace a receipt; one that another process has brought further, or closed, stays as it is."""
    row = connection.execute("SELECT stage, stages FROM receipts WHERE id = ?", (receipt.id,)).fetchone()
    if row is not None and not is_newer(receipt, Stage(row[0]), len(json.loads(row[1]))):
        return
    epoch, line = receipt.place or (None, None)
    connection.execute(
        _SAVE_RECEIPT,
        (
            receipt.id,
            None if receipt.agent is None else safe_text(receipt.agent),
            safe_text(receipt.verb),
            safe_text(receipt.text),
            receipt.stage.value,
            receipt.created_at,
            safe_text(receipt.reason),
            json.dumps([(stage.value, at) for stage, at in receipt.stages]),
            epoch,
            line,
            json.dumps([safe_text(name) for name in receipt.images]),
        ),
    )


def save_answer(connection: sqlite3.Connection, agent: AgentId, dialog_id: str, text: str, at: float) -> None:
    """Keep or replace the answer to a dialog."""
    connection.execute(
        "INSERT OR REPLACE INTO answers (agent, dialog_id, text, at) VALUES (?, ?, ?, ?)",
        (safe_text(agent), safe_text(dialog_id), safe_text(text), at),
    )


def add_audit(connection: sqlite3.Connection, at: float, verb: str, target: str, detail: str) -> None:
    """Add one act to the audit."""
    connection.execute(
        "INSERT INTO audit (at, verb, target, detail) VALUES (?, ?, ?, ?)",
        (at, safe_text(verb), safe_text(target), safe_text(detail)),
    )


def stored_place(connection: sqlite3.Connection, agent: str) -> tuple[int, int] | None:
    """Return (epoch, offset) of the newest epoch's cursor; offset 0 where that epoch has none yet."""
    row = connection.execute(
        "SELECT epoch, coalesce(cursor_offset, 0) FROM epochs WHERE agent = ? ORDER BY epoch DESC LIMIT 1",
        (agent,),
    ).fetchone()
    return None if row is None else (int(row[0]), int(row[1]))
