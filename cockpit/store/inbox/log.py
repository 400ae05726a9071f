"""The inbox's memory: entries that are put off, and what became of questions."""

from __future__ import annotations

import sqlite3

from cockpit.model.codec import safe_text
from cockpit.model.ids import AgentId
from cockpit.model.inbox.history import KEPT_WORDS, Decided, HowEnded
from cockpit.model.inbox.shelf import PutOff, Shelved
from cockpit.store.reader import Reader
from cockpit.store.writer import Writer

MOST_DECIDED = 5_000
"""So many questions are remembered, the newest."""

STALE = 30 * 86_400.0
"""Seconds after which an entry that is put off is forgotten unless it is muted: by then it is another matter."""


class InboxLog:
    """What one store knows of the inbox."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def put_off(self, one: Shelved) -> None:
        """Keep an entry put off, in place of how it was before. On the disk on return.

        Raises:
            StoreError: the disk refused.
        """
        await self._writer.run(lambda connection: _put_off(connection, one), durable=True)

    async def take_back(self, key: str) -> None:
        """Put an entry off no more.

        Raises:
            StoreError: the disk refused.
        """
        await self._writer.run(
            lambda connection: connection.execute("DELETE FROM shelved WHERE key = ?", (safe_text(key),)), durable=True
        )

    async def shelved(self) -> tuple[Shelved, ...]:
        """Return what is put off, the oldest first."""
        return await self._reader.run(_read_shelved)

    async def add(self, one: Decided) -> None:
        """Remember what became of a question; an answer counts more than that it was withdrawn.

        Raises:
            StoreError: the disk refused.
        """
        await self._writer.run(lambda connection: _add(connection, one))

    async def decided(self, limit: int) -> tuple[Decided, ...]:
        """Return the questions that ended last, the newest first."""
        return await self._reader.run(lambda connection: _read_decided(connection, limit))


def _put_off(connection: sqlite3.Connection, one: Shelved) -> None:
    connection.execute("DELETE FROM shelved WHERE at < ? AND how != ?", (one.at - STALE, PutOff.MUTE.value))
    values = (safe_text(one.key), one.how.value, one.mark, one.at, one.until, safe_text(one.sentence[:KEPT_WORDS]))
    connection.execute(
        "INSERT OR REPLACE INTO shelved (key, how, mark, at, until, sentence) VALUES (?,?,?,?,?,?)", values
    )


def _read_shelved(connection: sqlite3.Connection) -> tuple[Shelved, ...]:
    rows = connection.execute("SELECT key, how, mark, at, until, sentence FROM shelved ORDER BY at, key")
    return tuple(Shelved(key, PutOff(how), *rest) for key, how, *rest in rows)


def _add(connection: sqlite3.Connection, one: Decided) -> None:
    verb = "REPLACE" if one.outcome is HowEnded.ANSWERED else "IGNORE"
    texts = (one.key, one.mark, one.who, one.asked[:KEPT_WORDS], one.outcome.value, one.answer[:KEPT_WORDS], one.by)
    key, mark, who, asked, outcome, answer, by = map(safe_text, texts)
    connection.execute(
        f"INSERT OR {verb} INTO decided (key, mark, at, who, asked, outcome, answer, decided_by, agent)"
        " VALUES (?,?,?,?,?,?,?,?,?)",
        (key, mark, one.at, who, asked, outcome, answer, by, one.agent),
    )
    connection.execute(
        "DELETE FROM decided WHERE at <= (SELECT at FROM decided ORDER BY at DESC LIMIT 1 OFFSET ?)", (MOST_DECIDED,)
    )


def _read_decided(connection: sqlite3.Connection, limit: int) -> tuple[Decided, ...]:
    rows = connection.execute(
        "SELECT key, mark, at, who, asked, outcome, answer, decided_by, agent FROM decided"
        " ORDER BY at DESC, key LIMIT ?",
        (limit,),
    )
    return tuple(
        Decided(key, mark, at, who, asked, HowEnded(outcome), answer, by, AgentId(agent) if agent else None)
        for key, mark, at, who, asked, outcome, answer, by, agent in rows
    )
