"""Budgets in the store: the operator's limits, and what was done about each, written down before it is done."""

from __future__ import annotations

import json
import sqlite3

from cockpit.model.codec import safe_text
from cockpit.model.content import Usage
from cockpit.model.ids import AgentId, VmId
from cockpit.model.usage.standing import BudgetRecord, BudgetStage, Limit
from cockpit.store.reader import Reader
from cockpit.store.writer import Writer

RESUME_PAUSE = 3600.0
"""Seconds in which an agent is told once to go on by itself: a limit of seconds would have it told again and again."""

_RESUME = """
INSERT OR IGNORE INTO limits_resumed
SELECT ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM limits_resumed WHERE agent = ? AND at > ?)
"""


class BudgetLog:
    """Budgets, and agents that were told to go on when a limit ended, in one store."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def put(self, record: BudgetRecord) -> None:
        """Keep what is to be known of a budget. It is on the disk when this returns.

        Raises:
            StoreError: the disk refused.
        """
        await self._writer.run(lambda connection: _put(connection, record), durable=True)

    async def all(self) -> dict[str, BudgetRecord]:
        """Return what is kept of each budget, by scope."""
        return await self._reader.run(_all)

    async def resumed(self, cause: str, until: float, agent: AgentId, at: float) -> bool:
        """Note that an agent is told to go on since a limit ended; False if it was told of it before, or just now.

        Args:
            cause: whose limit it was.
            until: when it ended, unix seconds.
            agent: who is told.
            at: unix seconds.
        """
        values = (safe_text(cause), until, safe_text(agent), at, safe_text(agent), at - RESUME_PAUSE)

        def note(connection: sqlite3.Connection) -> int:
            return connection.execute(_RESUME, values).rowcount

        return bool(await self._writer.run(note, durable=True))


def _put(connection: sqlite3.Connection, record: BudgetRecord) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO budgets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            safe_text(record.scope),
            record.limit.cost,
            record.limit.tokens,
            record.stage.value,
            record.period,
            record.spent.cost,
            record.spent.tokens,
            record.at,
            json.dumps(record.vms),
        ),
    )


def _all(connection: sqlite3.Connection) -> dict[str, BudgetRecord]:
    rows = connection.execute("SELECT * FROM budgets").fetchall()
    return {
        scope: BudgetRecord(
            scope,
            Limit(cost, tokens),
            BudgetStage(stage),
            period,
            Usage(input=spent_tokens, cost=spent_cost),
            at,
            tuple(VmId(vm) for vm in json.loads(vms)),
        )
        for scope, cost, tokens, stage, period, spent_cost, spent_tokens, at, vms in rows
    }
