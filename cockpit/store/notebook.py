"""What the operator wrote: drafts by agent, and the texts that were sent, a bounded number to each agent."""

from __future__ import annotations

import json
import sqlite3

from cockpit.model.codec import safe_text
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.notebook.draft import Draft, Sent
from cockpit.store.reader import Reader
from cockpit.store.writer import Writer

MOST_SENT = 200
"""Texts that are kept of what was sent to one agent."""

MOST_TOGETHER = 2000
"""Texts that are brought back of what was sent to all."""

MOST_KEPT = 10_000
"""Texts that are kept of what was sent to all."""

MOST_DRAFTS = 500
"""Drafts that are kept; those of agents that are long gone go first."""


class NotebookLog:
    """The notebook of one store."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def keep_draft(self, agent: AgentId, draft: Draft, at: float) -> None:
        """Keep a draft in place of the one before; an empty one is removed.

        Raises:
            StoreError: the disk refused.
        """
        await self._writer.run(lambda connection: _keep_draft(connection, agent, draft, at))

    async def add_sent(self, sent: Sent) -> None:
        """Keep a text that was sent; the same one sent before moves to the end.

        Raises:
            StoreError: the disk refused.
        """
        await self._writer.run(lambda connection: _add_sent(connection, sent))

    async def drafts(self) -> dict[AgentId, Draft]:
        """Return all drafts."""
        return await self._reader.run(_read_drafts)

    async def sent(self) -> tuple[Sent, ...]:
        """Return the newest texts that were sent, the oldest of them first."""
        return await self._reader.run(_read_sent)


# A text may hold what no UTF-8 can: as ASCII it comes back as it was.


def _keep_draft(connection: sqlite3.Connection, agent: AgentId, draft: Draft, at: float) -> None:
    if draft == Draft():
        connection.execute("DELETE FROM drafts WHERE agent = ?", (safe_text(agent),))
        return
    body = json.dumps({"text": draft.text, "mode": draft.mode, "taken_back": draft.taken_back})
    connection.execute("INSERT OR REPLACE INTO drafts (agent, at, body) VALUES (?, ?, ?)", (safe_text(agent), at, body))
    connection.execute(
        "DELETE FROM drafts WHERE agent IN (SELECT agent FROM drafts ORDER BY at DESC LIMIT -1 OFFSET ?)",
        (MOST_DRAFTS,),
    )


def _add_sent(connection: sqlite3.Connection, sent: Sent) -> None:
    agent, body = safe_text(sent.agent), json.dumps(sent.text)
    connection.execute("DELETE FROM sent_texts WHERE agent = ? AND body = ?", (agent, body))
    connection.execute("INSERT INTO sent_texts (agent, at, body) VALUES (?, ?, ?)", (agent, sent.at, body))
    connection.execute(
        "DELETE FROM sent_texts WHERE id IN"
        " (SELECT id FROM sent_texts WHERE agent = ? ORDER BY id DESC LIMIT -1 OFFSET ?)",
        (agent, MOST_SENT),
    )
    connection.execute(
        "DELETE FROM sent_texts WHERE id IN (SELECT id FROM sent_texts ORDER BY id DESC LIMIT -1 OFFSET ?)",
        (MOST_KEPT,),
    )


def _read_drafts(connection: sqlite3.Connection) -> dict[AgentId, Draft]:
    found: dict[AgentId, Draft] = {}
    for agent, body in connection.execute("SELECT agent, body FROM drafts"):
        values = json.loads(body)
        taken_back = tuple(CommandId(command) for command in values["taken_back"])
        found[AgentId(agent)] = Draft(values["text"], values["mode"], taken_back)
    return found


def _read_sent(connection: sqlite3.Connection) -> tuple[Sent, ...]:
    rows = connection.execute("SELECT agent, body, at FROM sent_texts ORDER BY id DESC LIMIT ?", (MOST_TOGETHER,))
    return tuple(reversed([Sent(AgentId(agent), json.loads(body), at) for agent, body, at in rows]))
