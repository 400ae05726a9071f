"""Keeping the file within bounds: the oldest events go first, cursors and snapshots stay.

Work comes in short transactions, so that live events are never held up. What is pruned is history of this cockpit only:
the agent's own file on its VM is not touched.
"""

from __future__ import annotations

import sqlite3

LOW_MARK = 0.8
"""Once above the bound, the file is brought down to this part of it, so that pruning is not started by every event."""

CHUNK = 2_000
"""Events removed in one transaction: a few milliseconds."""

MERGE_PAGES = 500
"""Index pages tidied up after a pruning."""

VACUUM_PAGES = 1_000
"""Free pages given back in one transaction."""

MAX_RECEIPTS = 20_000
MAX_AUDIT = 50_000


def used_bytes(connection: sqlite3.Connection) -> int:
    """Return the bytes of the file that hold something."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def oldest_stream(connection: sqlite3.Connection) -> tuple[int, float] | None:
    """Return (stream, unix seconds) of the oldest first event, or None where there are no events."""
    row = connection.execute(
        """
        SELECT id, at FROM (
            SELECT id, (SELECT at FROM events WHERE stream = epochs.id ORDER BY line LIMIT 1) AS at FROM epochs
        ) WHERE at IS NOT NULL ORDER BY at LIMIT 1
        """
    ).fetchone()
    return None if row is None else (int(row[0]), float(row[1]))


def drop_oldest(connection: sqlite3.Connection, stream: int, before: float | None) -> int:
    """Remove at most `CHUNK` of a stream's first events, none that is as new as `before`; return how many."""
    rows = connection.execute(
        "SELECT line, at FROM events WHERE stream = ? ORDER BY line LIMIT ?", (stream, CHUNK)
    ).fetchall()
    last = None
    count = 0
    for line, at in rows:
        if before is not None and at >= before:
            break
        last = line
        count += 1
    if last is None:
        return 0
    connection.execute("DELETE FROM events WHERE stream = ? AND line <= ?", (stream, last))
    connection.execute("DELETE FROM texts WHERE stream = ? AND line <= ?", (stream, last))
    return count


def drop_acts(connection: sqlite3.Connection, before: float) -> None:
    """Remove receipts, answers and audit rows that are too old or too many."""
    connection.execute("DELETE FROM receipts WHERE created_at < ?", (before,))
    connection.execute("DELETE FROM answers WHERE at < ?", (before,))
    connection.execute("DELETE FROM audit WHERE at < ?", (before,))
    connection.execute(
        "DELETE FROM receipts WHERE id IN (SELECT id FROM receipts ORDER BY created_at DESC LIMIT -1 OFFSET ?)",
        (MAX_RECEIPTS,),
    )
    connection.execute(
        "DELETE FROM audit WHERE id <= (SELECT id FROM audit ORDER BY id DESC LIMIT 1 OFFSET ?)", (MAX_AUDIT,)
    )


def tidy_index(connection: sqlite3.Connection) -> None:
    """Let the search index drop what was deleted from it."""
    connection.execute("INSERT INTO texts_index (texts_index, rank) VALUES ('merge', ?)", (MERGE_PAGES,))


def give_back(connection: sqlite3.Connection) -> bool:
    """Return some free pages to the file system; say whether more are left."""
    free = connection.execute("PRAGMA freelist_count").fetchone()[0]
    connection.execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES})").fetchall()
    left = connection.execute("PRAGMA freelist_count").fetchone()[0]
    return bool(0 < left < free)
