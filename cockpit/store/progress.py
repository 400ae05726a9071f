"""How far the store has come, for those who follow what another process stores: cheap to ask, again and again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection

from cockpit.model.codec import safe_text
from cockpit.model.ids import AgentId
from cockpit.model.receipts.receipt import Receipt
from cockpit.store.reader import Reader, read_changed_receipts, read_run_before


class StoreProgress:
    """Tells of what was written since it was last asked."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._seen: dict[int, int] = {}
        """What each connection saw last: SQLite tells of changes per connection."""

    async def news(self, agents: Collection[AgentId], *, anyway: bool = False) -> dict[AgentId, tuple[int, int]] | None:
        """Return (epoch, line) of some agents' cursors; None if nobody wrote to the file since this was last asked.

        Where nothing was written it costs a few microseconds.

        Args:
            agents: of whom; one of whom nothing is known is left out of the answer.
            anyway: answer also where nothing was written.

        Raises:
            StoreError: the store cannot be read.
        """
        return await self._reader.run(lambda connection: self._read(connection, agents, anyway))

    async def receipts(self, after: int) -> tuple[int, list[Receipt]]:
        """Return the receipts that any process wrote since a mark (0 for all), and the mark for the next call.

        Raises:
            StoreError: the store cannot be read.
        """
        return await self._reader.run(lambda connection: read_changed_receipts(connection, after))

    async def run_before(self, agent: AgentId, place: tuple[int, int]) -> tuple[int, int]:
        """Return the place before the start of the run that was open at a place; the place itself if none is known.

        Raises:
            StoreError: the store cannot be read.
        """
        return await self._reader.run(lambda connection: read_run_before(connection, agent, place))

    def _read(
        self, connection: sqlite3.Connection, agents: Collection[AgentId], anyway: bool
    ) -> dict[AgentId, tuple[int, int]] | None:
        version = int(connection.execute("PRAGMA data_version").fetchone()[0])
        if self._seen.get(id(connection)) == version and not anyway:
            return None
        names = {safe_text(agent): agent for agent in agents}
        # Of a group, SQLite gives the other columns of the row that holds the maximum.
        rows = connection.execute(
            """
            SELECT agent, max(epoch), coalesce(cursor_line, 0) FROM epochs
            WHERE agent IN (SELECT value FROM json_each(?)) GROUP BY agent
            """,
            (json.dumps(list(names)),),
        ).fetchall()
        self._seen[id(connection)] = version
        return {names[name]: (epoch, line) for name, epoch, line in rows}
