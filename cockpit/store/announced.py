"""What is said on the feed of agents that do not say it themselves: owed before it is said, so that it is said once."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass, fields
from typing import Any

from cockpit.model.codec import safe_text
from cockpit.model.ids import AgentId
from cockpit.store.reader import Reader
from cockpit.store.writer import Writer

KEPT = 7 * 86_400.0
"""Seconds for which what was said is remembered: no line of an agent is read again after longer than that."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One event about one run of an agent."""

    agent: AgentId
    place: str
    """Where the run began: the daemon run and the byte of the line; the same for whoever reads it."""
    kind: str
    at: float
    """Unix seconds, when it was read here."""
    name: str
    vm: str
    source: str
    summary: str
    detail: str = ""
    task: str = ""
    ours: bool = True
    """This history's cockpit started the agent; of another's, that one is let go first."""
    tokens: int = 0
    """What the agent had used by then, as the other two."""
    cost: float = 0.0
    turns: int = 0
    tried: bool = False
    """It may have been said."""


OWED, TRIED, SAID = 0, 1, 2
"""The column `state`; the second says that it may have been said."""

_BODY = tuple(
    field.name for field in fields(Announcement) if field.name not in ("agent", "place", "kind", "at", "tried")
)


class Announced:
    """The announcements of one store."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def owe(self, announcement: Announcement) -> None:
        """Write down what is to be said; what is written down already stays as it is.

        Raises:
            StoreError: the disk refused.
        """
        await self._writer.run(lambda connection: _insert(connection, announcement), durable=True)

    async def trying(self, announcement: Announcement) -> None:
        """Write down that it may have been said from now on.

        Raises:
            StoreError: the disk refused.
        """
        await self._writer.run(lambda connection: _state(connection, announcement, TRIED), durable=True)

    async def said(self, announcement: Announcement) -> None:
        """Write down that it was said.

        Raises:
            StoreError: the disk refused.
        """
        await self._writer.run(lambda connection: _state(connection, announcement, SAID))

    async def owed(self) -> list[Announcement]:
        """Return what was not said yet, the oldest first."""
        return await self._reader.run(lambda connection: _read(connection, "state < 2", ()))

    async def open_run(self, agent: AgentId) -> Announcement | None:
        """Return the begin of the agent's newest run, if its end was not written down."""
        found = await self._reader.run(lambda connection: _newest(connection, agent))
        return found if found is not None and found.kind == "agent_started" else None


def _insert(connection: sqlite3.Connection, one: Announcement) -> None:
    body = json.dumps({name: value for name, value in asdict(one).items() if name in _BODY})
    connection.execute("DELETE FROM announced WHERE at < ? AND state = 2", (one.at - KEPT,))
    connection.execute(
        "INSERT OR IGNORE INTO announced (agent, place, kind, at, state, body) VALUES (?, ?, ?, ?, ?, ?)",
        (safe_text(one.agent), one.place, one.kind, one.at, OWED, body),
    )


def _state(connection: sqlite3.Connection, one: Announcement, state: int) -> None:
    connection.execute(
        "UPDATE announced SET state = max(state, ?) WHERE agent = ? AND place = ? AND kind = ?",
        (state, safe_text(one.agent), one.place, one.kind),
    )


def _read(connection: sqlite3.Connection, which: str, values: tuple[str, ...]) -> list[Announcement]:
    rows = connection.execute(
        f"SELECT agent, place, kind, at, state, body FROM announced WHERE {which} ORDER BY at, kind", values
    )
    return [
        Announcement(agent=AgentId(agent), place=place, kind=kind, at=at, tried=state > 0, **_known(body))
        for agent, place, kind, at, state, body in rows
    ]


def _known(body: str) -> dict[str, Any]:
    return {name: value for name, value in json.loads(body).items() if name in _BODY}


def _newest(connection: sqlite3.Connection, agent: AgentId) -> Announcement | None:
    found = _read(connection, "agent = ? AND kind IN ('agent_started', 'agent_stopped')", (safe_text(agent),))
    return found[-1] if found else None
