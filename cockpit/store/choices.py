"""What the operator chose last, so that a form offers it again, and other small things that are kept by name."""

from __future__ import annotations

import sqlite3

from cockpit.model.codec import safe_text
from cockpit.store.reader import Reader
from cockpit.store.writer import Writer


class Choices:
    """Last choices by name, in one store."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def keep(self, name: str, value: str) -> None:
        """Keep a choice in place of the one before it."""
        await self._writer.run(lambda connection: _keep(connection, name, value))

    async def forget(self, name: str) -> None:
        """Keep a choice no more."""
        await self._writer.run(lambda connection: _forget(connection, name))

    async def kept(self) -> dict[str, str]:
        """Return all choices."""
        return await self._reader.run(_read)


def _keep(connection: sqlite3.Connection, name: str, value: str) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO choices (name, value) VALUES (?, ?)", (safe_text(name), safe_text(value))
    )


def _forget(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("DELETE FROM choices WHERE name = ?", (safe_text(name),))


def _read(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT name, value FROM choices").fetchall())
