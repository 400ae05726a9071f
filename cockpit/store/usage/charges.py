"""Charges as rows: added in the transaction of the events they stand in, each once; how they are summed up.

A VM that was made from another one's commit has a copy of its file. What stands in it from before it was made is the
original's, whichever of the two is read first.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Sequence

from cockpit.model.codec import decode_event, safe_text
from cockpit.model.content import Usage
from cockpit.model.events import Record
from cockpit.model.ids import AgentId, TaskId
from cockpit.model.usage.bucket import Bucket, TaskBucket
from cockpit.model.usage.charge import Charge, charges_of
from cockpit.store.usage.processes import told_so_far

UNCOUNTED = "usage.uncounted"
"""The choice that says from which event on the events of an older file are yet to be counted."""

CHUNK = 2_000
"""Events of an older file that are counted in one transaction."""

_ADD = """
INSERT OR IGNORE INTO charges
    (key, agent, at, said, model, provider, input, output, cache_read, cache_write, cost, whole)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_COPIED = "SELECT created_at FROM agents WHERE id = ?"
_SUMS = """
sum(input), sum(output), sum(cache_read), sum(cache_write), sum(cost), count(*), min(whole)
"""
_READ_FROM = """
INSERT INTO charges_read (agent, epoch, first_line) VALUES (?, ?, ?)
ON CONFLICT (agent, epoch) DO UPDATE SET first_line = min(first_line, excluded.first_line)
"""


def add_charges(connection: sqlite3.Connection, records: Iterable[Record]) -> None:
    """Add what records say that was spent; what is there already is left alone."""
    for record in records:
        for charge in charges_of(record):
            add_charge(connection, charge, record.epoch, record.line)


def add_charge(connection: sqlite3.Connection, charge: Charge, epoch: int, line: int) -> None:
    """Add one charge, unless it is known of this agent, or stands in a copy of another one's file.

    Args:
        connection: to the store.
        charge: what was spent.
        epoch: of the file that it stands in.
        line: its line there.
    """
    agent = safe_text(charge.agent)
    fresh = _add(connection, agent, charge)
    if charge.so_far:
        # Also of what is another one's: the process of a copied machine goes on with its sums.
        told_so_far(connection, agent, charge, epoch, line, fresh=fresh)


def _add(connection: sqlite3.Connection, agent: str, charge: Charge) -> bool:
    others = [
        str(row[0])
        for row in connection.execute("SELECT agent FROM charges WHERE key = ? AND agent != ?", (charge.key, agent))
    ]
    if others:
        if _is_copy(connection, agent, charge, others):
            return False
        for other in others:
            if charge.named or _is_copy(connection, other, charge, [agent]):
                connection.execute("DELETE FROM charges WHERE key = ? AND agent = ?", (charge.key, other))
    usage = charge.usage
    counts = (usage.input, usage.output, usage.cache_read, usage.cache_write, usage.cost)
    names = (safe_text(charge.model), safe_text(charge.provider))
    added = connection.execute(_ADD, (charge.key, agent, charge.at, charge.said, *names, *counts, charge.whole))
    return added.rowcount == 1


def _is_copy(connection: sqlite3.Connection, agent: str, charge: Charge, others: Sequence[str]) -> bool:
    """Say whether an agent can only have been copied with an answer: it was made after it, or after the others."""
    made = _made(connection, agent)
    if charge.named:
        return any(made >= _made(connection, other) for other in others)
    return charge.said and charge.at < made != math.inf


def _made(connection: sqlite3.Connection, agent: str) -> float:
    row = connection.execute(_COPIED, (agent,)).fetchone()
    return math.inf if row is None else float(row[0])


def note_read(connection: sqlite3.Connection, agent: str, epoch: int, line: int) -> None:
    """Note from which line on a file is read: what it holds before is not counted."""
    connection.execute(_READ_FROM, (agent, epoch, line))


def count_older(connection: sqlite3.Connection) -> bool:
    """Count some more events of a file that is older than the counting; say whether any are left."""
    row = connection.execute("SELECT value FROM choices WHERE name = ?", (UNCOUNTED,)).fetchone()
    if row is None:
        return False
    stream, line = (int(part) for part in str(row[0]).split(" "))
    rows = connection.execute(
        """
        SELECT events.stream, events.line, epochs.agent, epochs.epoch, offset, length, at, kinds.name, body FROM events
        JOIN kinds ON kinds.id = events.kind JOIN epochs ON epochs.id = events.stream
        WHERE (events.stream, events.line) > (?, ?) AND kinds.name IN ('message_ended', 'compaction_ended')
        ORDER BY events.stream, events.line LIMIT ?
        """,
        (stream, line, CHUNK),
    ).fetchall()
    add_charges(
        connection,
        (
            Record(AgentId(agent), epoch, at_line, offset, offset + length, at, decode_event(kind, body))
            for _, at_line, agent, epoch, offset, length, at, kind, body in rows
        ),
    )
    if len(rows) < CHUNK:
        connection.execute("DELETE FROM choices WHERE name = ?", (UNCOUNTED,))
        return False
    place = f"{rows[-1][0]} {rows[-1][1]}"
    connection.execute("UPDATE choices SET value = ? WHERE name = ?", (place, UNCOUNTED))
    return True


def read_buckets(connection: sqlite3.Connection, since: float, width: float) -> list[Bucket]:
    """Return what was spent since a moment, by agent, model and time, the oldest first."""
    rows = connection.execute(
        f"""
        SELECT agent, model, provider, cast(at / ? AS INTEGER) AS slot, {_SUMS} FROM charges
        WHERE at >= ? GROUP BY agent, model, provider, slot ORDER BY slot
        """,
        (width, since),
    )
    return [
        Bucket(AgentId(agent), "", slot * width, model, provider, _usage(sums), sums[5], bool(sums[6]))
        for agent, model, provider, slot, *sums in rows
    ]


def read_tasks(connection: sqlite3.Connection, since: float) -> list[TaskBucket]:
    """Return what was spent on tasks since a moment; of several that an agent had, the one it was given last."""
    rows = connection.execute(
        f"""
        SELECT task, (SELECT title FROM task_spans WHERE task_spans.task = spent.task ORDER BY began DESC LIMIT 1),
               agent, {_SUMS}
        FROM (
            SELECT charges.*, (
                SELECT task FROM task_spans
                WHERE task_spans.agent = charges.agent AND began <= at AND (ended IS NULL OR at < ended)
                ORDER BY began DESC LIMIT 1
            ) AS task
            FROM charges WHERE at >= ? AND agent IN (SELECT agent FROM task_spans)
        ) AS spent
        WHERE task IS NOT NULL GROUP BY task, agent
        """,
        (since,),
    )
    return [
        TaskBucket(TaskId(task), title, AgentId(agent), _usage(sums), sums[5], bool(sums[6]))
        for task, title, agent, *sums in rows
    ]


def read_totals(connection: sqlite3.Connection, after: int = 0) -> dict[AgentId, Usage]:
    """Return what each agent spent since the beginning, or in the charges that were added after one."""
    rows = connection.execute(f"SELECT agent, {_SUMS} FROM charges WHERE id > ? GROUP BY agent", (after,))
    return {AgentId(agent): _usage(sums) for agent, *sums in rows}


def read_beginnings(connection: sqlite3.Connection) -> set[AgentId]:
    """Return the agents of whose files the beginning was not read: what they spent is at least what is known."""
    return {AgentId(agent) for (agent,) in connection.execute("SELECT agent FROM charges_read WHERE first_line > 1")}


def read_mark(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the number of the newest charge, and how many there are: together they tell of every change."""
    newest, number = connection.execute("SELECT coalesce(max(id), 0), count(*) FROM charges").fetchone()
    return int(newest), int(number)


def _usage(sums: Sequence[float]) -> Usage:
    return Usage(int(sums[0]), int(sums[1]), int(sums[2]), int(sums[3]), float(sums[4]))
