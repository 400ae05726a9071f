"""Tasks that were handed to agents: written down before the prompt goes, until the board shows who has them.

Between the agent's word that it has the prompt and the board's change a cockpit may end. What is written here tells the
next one, which finds the agent's word in the receipt and changes the board then.
"""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, dataclass

from cockpit.model.codec import safe_text
from cockpit.model.ids import AgentId, CommandId, TaskId
from cockpit.store.lease import Leases
from cockpit.store.reader import Reader
from cockpit.store.writer import Writer


@dataclass(frozen=True, slots=True)
class HandOverRow:
    """One task on its way to an agent."""

    command: CommandId
    """The prompt's."""
    task: TaskId
    agent: AgentId
    name: str
    """The agent's, as the board is to name it."""
    source: str
    """Whose board the task is on."""
    status: str
    """The task's before: what somebody else has changed since is left alone."""
    assignee: str
    at: float
    """Unix seconds."""


class HandOverLog:
    """The hand-overs of one store; the process that carries one out holds its lease."""

    def __init__(self, writer: Writer, reader: Reader, leases: Leases) -> None:
        self._writer = writer
        self._reader = reader
        self._leases = leases

    async def begin(self, row: HandOverRow) -> None:
        """Write a hand-over down, and hold it. It is on the disk when this returns: the prompt may go then.

        Raises:
            StoreError: the disk refused.
        """
        self._leases.take(_lease(row.command))
        try:
            await self._writer.run(lambda connection: _insert(connection, row), durable=True)
        except BaseException:
            self.let_go(row.command)
            raise

    async def finish(self, command: CommandId) -> None:
        """Forget a hand-over: the board shows it, or it did not happen.

        Raises:
            StoreError: the disk refused.
        """
        try:
            await self._writer.run(
                lambda connection: connection.execute("DELETE FROM hand_overs WHERE command = ?", (command,)),
                durable=True,
            )
        finally:
            self.let_go(command)

    def take(self, command: CommandId) -> bool:
        """Hold what was left; False while the process that began it goes on with it, in this one or another."""
        return not self._leases.holds(_lease(command)) and self._leases.take(_lease(command))

    def let_go(self, command: CommandId) -> None:
        """Hold a hand-over no more; it stays written down."""
        self._leases.release(_lease(command))

    async def rows(self) -> list[HandOverRow]:
        """Return what is on its way, the oldest first."""
        return await self._reader.run(_read)


def _lease(command: CommandId) -> str:
    return f"hand-over {command}"


def _insert(connection: sqlite3.Connection, row: HandOverRow) -> None:
    values = tuple(safe_text(value) if isinstance(value, str) else value for value in astuple(row))
    connection.execute("INSERT INTO hand_overs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)


def _read(connection: sqlite3.Connection) -> list[HandOverRow]:
    found = connection.execute(
        "SELECT command, task, agent, name, source, status, assignee, at FROM hand_overs ORDER BY at"
    )
    return [
        HandOverRow(CommandId(command), TaskId(task), AgentId(agent), *rest) for command, task, agent, *rest in found
    ]
