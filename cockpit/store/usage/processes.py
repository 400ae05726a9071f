"""What agents' processes have said they used so far, and what of it each run added: the difference to the end before.

Lines are read in any order, again, and without their beginning, so that each is kept with its place and the difference
is taken anew for it and for the one behind it. Where a process began is kept, too: its sums begin at nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from cockpit.model.codec import safe_text
from cockpit.model.content import Usage
from cockpit.model.reduce.spending import since
from cockpit.model.usage.charge import Charge

_COLUMNS = "input, output, cache_read, cache_write, cost"
_PUT = f"""
INSERT OR REPLACE INTO process_sums (agent, model, epoch, line, key, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_BEGAN = "INSERT OR IGNORE INTO process_beginnings (agent, epoch, line) VALUES (?, ?, ?)"
_LAST_BEGINNING = """
SELECT epoch, line FROM process_beginnings WHERE agent = ? AND (epoch, line) < (?, ?)
ORDER BY epoch DESC, line DESC LIMIT 1
"""
_BEFORE = f"""
SELECT epoch, line, {_COLUMNS} FROM process_sums WHERE agent = ? AND model = ? AND (epoch, line) < (?, ?)
ORDER BY epoch DESC, line DESC LIMIT 1
"""
_BEHIND = f"""
SELECT epoch, line, key, {_COLUMNS} FROM process_sums WHERE agent = ? AND model = ? AND (epoch, line) > (?, ?)
ORDER BY epoch, line LIMIT 1
"""
_READ_BEFORE = """
SELECT 1 FROM process_sums WHERE agent = ? AND model = ? AND key = ? AND (epoch, line) < (?, ?) LIMIT 1
"""
_CHARGED = f"SELECT id, {_COLUMNS} FROM charges WHERE key = ? AND agent = ?"
_CHARGE = """
UPDATE charges SET id = ?, input = ?, output = ?, cache_read = ?, cache_write = ?, cost = ? WHERE id = ?
"""
_NEXT = "SELECT max(id) + 1 FROM charges"


def told_so_far(
    connection: sqlite3.Connection, agent: str, charge: Charge, epoch: int, line: int, *, fresh: bool
) -> None:
    """Note what a process said that it used so far of a model, and charge to each run what is its own.

    Args:
        connection: to the store.
        agent: whose process.
        charge: what it said.
        epoch: of the file where it stands.
        line: its line there.
        fresh: the charge was added just now, in the same transaction.
    """
    model = safe_text(charge.model)
    connection.execute(_PUT, (agent, model, epoch, line, charge.key, *_numbers(charge.usage)))
    _charge(connection, agent, model, (epoch, line), charge.key, charge.usage, fresh=fresh)
    _charge_behind(connection, agent, model, (epoch, line))


def process_began(connection: sqlite3.Connection, agent: str, epoch: int, line: int) -> None:
    """Note where a process began; what is read of it already is charged anew."""
    added = connection.execute(_BEGAN, (agent, epoch, line)).rowcount
    if added:
        models = connection.execute("SELECT DISTINCT model FROM process_sums WHERE agent = ?", (agent,)).fetchall()
        for (model,) in models:
            _charge_behind(connection, agent, str(model), (epoch, line))


def _charge_behind(connection: sqlite3.Connection, agent: str, model: str, place: tuple[int, int]) -> None:
    row = connection.execute(_BEHIND, (agent, model, *place)).fetchone()
    if row is not None:
        _charge(connection, agent, model, (int(row[0]), int(row[1])), row[2], _usage(row[3:]))


def _charge(
    connection: sqlite3.Connection,
    agent: str,
    model: str,
    place: tuple[int, int],
    key: bytes,
    so_far: Usage,
    *,
    fresh: bool = False,
) -> None:
    """Charge to a run what its process used since the end before."""
    if connection.execute(_READ_BEFORE, (agent, model, key, *place)).fetchone() is not None:
        return  # the same line in a file that is read anew: it is charged where it stood first
    before = connection.execute(_BEFORE, (agent, model, *place)).fetchone()
    began = connection.execute(_LAST_BEGINNING, (agent, *place)).fetchone()
    same = before is not None and (began is None or tuple(began) < (before[0], before[1]))
    own = since(so_far, _usage(before[2:])) if same else so_far
    charged = connection.execute(_CHARGED, (key, agent)).fetchone()
    if charged is not None and _usage(charged[1:]) != own:
        # Who sums up what was added since the last look sees by a number that was left out that one changed.
        number = charged[0] if fresh else connection.execute(_NEXT).fetchone()[0]
        connection.execute(_CHARGE, (number, *_numbers(own), charged[0]))


def _numbers(usage: Usage) -> tuple[float, ...]:
    return (usage.input, usage.output, usage.cache_read, usage.cache_write, usage.cost)


def _usage(row: Sequence[float]) -> Usage:
    return Usage(int(row[0]), int(row[1]), int(row[2]), int(row[3]), float(row[4]))
