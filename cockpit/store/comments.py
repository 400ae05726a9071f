"""Comments on changed lines, by agent and number; they outlive the cockpit that took them."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, fields, replace

from cockpit.model.changes.comments import Comment
from cockpit.model.codec import safe_text
from cockpit.model.ids import AgentId
from cockpit.store.reader import Reader
from cockpit.store.writer import Writer

_FIELDS = frozenset(field.name for field in fields(Comment))


class Comments:
    """The comments of one store."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def add(self, agent: AgentId, comment: Comment) -> Comment:
        """Keep a comment under the next number of its agent. It is on the disk when this returns.

        Raises:
            StoreError: the disk refused.
        """
        added: Comment = await self._writer.run(lambda connection: _add(connection, agent, comment), durable=True)
        return added

    async def put(self, agent: AgentId, comment: Comment) -> None:
        """Keep what became of a comment.

        Raises:
            StoreError: the disk refused.
        """
        await self._writer.run(lambda connection: _put(connection, agent, comment), durable=True)

    async def remove(self, agent: AgentId, number: int) -> None:
        """Forget a comment.

        Raises:
            StoreError: the disk refused.
        """
        await self._writer.run(
            lambda connection: connection.execute(
                "DELETE FROM comments WHERE agent = ? AND number = ?", (safe_text(agent), number)
            ),
            durable=True,
        )

    async def of(self, agent: AgentId) -> tuple[Comment, ...]:
        """Return the comments on an agent's changes, the oldest first."""
        return await self._reader.run(lambda connection: _read(connection, agent))


def _add(connection: sqlite3.Connection, agent: AgentId, comment: Comment) -> Comment:
    row = connection.execute("SELECT last FROM comment_numbers WHERE agent = ?", (safe_text(agent),)).fetchone()
    numbered = replace(comment, number=(row[0] if row is not None else 0) + 1)
    connection.execute(
        "INSERT OR REPLACE INTO comment_numbers (agent, last) VALUES (?, ?)", (safe_text(agent), numbered.number)
    )
    _put(connection, agent, numbered)
    return numbered


def _put(connection: sqlite3.Connection, agent: AgentId, comment: Comment) -> None:
    # A path may hold bytes that are no text: as ASCII they come back as they were.
    body = json.dumps(asdict(comment), ensure_ascii=True)
    connection.execute(
        "INSERT OR REPLACE INTO comments (agent, number, body) VALUES (?, ?, ?)",
        (safe_text(agent), comment.number, body),
    )


def _read(connection: sqlite3.Connection, agent: AgentId) -> tuple[Comment, ...]:
    rows = connection.execute("SELECT body FROM comments WHERE agent = ? ORDER BY number", (safe_text(agent),))
    known = ({key: value for key, value in json.loads(body).items() if key in _FIELDS} for (body,) in rows)
    return tuple(Comment(**values) for values in known)
