"""What the files of a workspace were, by agent and occasion, where no git keeps them on the VM."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import astuple

from cockpit.model.changes.listing import ListedFile
from cockpit.model.codec import safe_text
from cockpit.model.ids import AgentId
from cockpit.store.reader import Reader
from cockpit.store.writer import Writer


class Listings:
    """The newest listing of each occasion, in one store."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def keep(self, agent: AgentId, occasion: str, at: float, files: Mapping[str, ListedFile]) -> None:
        """Keep a listing in place of the one of this occasion before it.

        Raises:
            StoreError: the disk refused.
        """
        # A path may hold bytes that are no text: as ASCII they come back as they were.
        body = json.dumps({path: astuple(file) for path, file in files.items()}, ensure_ascii=True)
        await self._writer.run(lambda connection: _keep(connection, agent, occasion, at, body))

    async def of(self, agent: AgentId) -> dict[str, tuple[float, dict[str, ListedFile]]]:
        """Return the listings of an agent with their times, by occasion."""
        return await self._reader.run(lambda connection: _read(connection, agent))


def _keep(connection: sqlite3.Connection, agent: AgentId, occasion: str, at: float, body: str) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO listings (agent, occasion, at, body) VALUES (?, ?, ?, ?)",
        (safe_text(agent), occasion, at, body),
    )


def _read(connection: sqlite3.Connection, agent: AgentId) -> dict[str, tuple[float, dict[str, ListedFile]]]:
    rows = connection.execute("SELECT occasion, at, body FROM listings WHERE agent = ?", (safe_text(agent),))
    return {
        occasion: (at, {path: ListedFile(*known) for path, known in json.loads(body).items()})
        for occasion, at, body in rows
    }
