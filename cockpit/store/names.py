"""Names of agents that are being made: a unique row each, so that processes that share a store never make two."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from cockpit.model.codec import safe_text
from cockpit.store.reader import Reader
from cockpit.store.writer import Writer

VOID_AFTER = 300.0
"""Seconds without renewal after which a reservation counts no more: its holder is gone."""


class Reservations:
    """The names that are held, the VMs that are perhaps ours, and those that were dismissed, in one store."""

    def __init__(self, writer: Writer, reader: Reader, now: Callable[[], float]) -> None:
        self._writer = writer
        self._reader = reader
        self._now = now

    async def reserve(self, name: str, holder: str) -> bool:
        """Take a name for an agent that is to be made; False if another holder has it. On the disk on return.

        Raises:
            StoreError: the disk refused.
        """
        at = self._now()
        return bool(await self._writer.run(lambda connection: _reserve(connection, name, holder, at), durable=True))

    async def renew(self, name: str, holder: str) -> None:
        """Keep a reserved name from becoming void, which it is after five minutes."""
        at = self._now()
        await self._writer.run(lambda connection: _renew(connection, name, holder, at))

    async def release(self, name: str, holder: str) -> None:
        """Give a reserved name free."""
        await self._writer.run(lambda connection: _release(connection, name, holder))

    async def held(self) -> frozenset[str]:
        """Return the names that are held for agents which are being made."""
        at = self._now()
        return await self._reader.run(lambda connection: _held(connection, at))

    async def suspect(self, vm_id: str, evidence: str) -> None:
        """Keep why a VM is perhaps ours."""
        at = self._now()
        await self._writer.run(lambda connection: _suspect(connection, vm_id, evidence, at))

    async def clear(self, vm_id: str) -> None:
        """Forget that a VM is perhaps ours: it is gone."""
        await self._writer.run(lambda connection: _clear(connection, vm_id))

    async def suspects(self) -> dict[str, str]:
        """Return the VMs that are perhaps ours, with the evidence."""
        return await self._reader.run(_read_suspects)

    async def dismiss(self, vm_id: str, evidence: str) -> None:
        """Keep that the operator wants to hear no more of a VM, and why it was shown until then. On the disk on return.

        Raises:
            StoreError: the disk refused.
        """
        at = self._now()
        await self._writer.run(lambda connection: _dismiss(connection, vm_id, evidence, at), durable=True)

    async def recall(self, vm_id: str) -> None:
        """Take a dismissal back: more is known of the VM now."""
        await self._writer.run(lambda connection: _recall(connection, vm_id))

    async def dismissed(self) -> dict[str, str]:
        """Return the VMs that were dismissed, with why they were shown until then."""
        return await self._reader.run(_read_dismissed)


def _reserve(connection: sqlite3.Connection, name: str, holder: str, at: float) -> bool:
    """Take a name if nobody holds it; say whether it is held now by this holder."""
    connection.execute("DELETE FROM names WHERE at < ? OR at > ?", (at - VOID_AFTER, at + VOID_AFTER))
    connection.execute(
        "INSERT INTO names (name, holder, at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
        (safe_text(name), holder, at),
    )
    row = connection.execute("SELECT holder FROM names WHERE name = ?", (safe_text(name),)).fetchone()
    return bool(row[0] == holder)


def _renew(connection: sqlite3.Connection, name: str, holder: str, at: float) -> None:
    """Keep a reservation from becoming void."""
    connection.execute("UPDATE names SET at = ? WHERE name = ? AND holder = ?", (at, safe_text(name), holder))


def _release(connection: sqlite3.Connection, name: str, holder: str) -> None:
    """Give a name free, if this holder has it."""
    connection.execute("DELETE FROM names WHERE name = ? AND holder = ?", (safe_text(name), holder))


def _held(connection: sqlite3.Connection, at: float) -> frozenset[str]:
    """Return the names whose reservation is not void."""
    rows = connection.execute("SELECT name FROM names WHERE at BETWEEN ? AND ?", (at - VOID_AFTER, at + VOID_AFTER))
    return frozenset(name for (name,) in rows)


def _suspect(connection: sqlite3.Connection, vm_id: str, evidence: str, at: float) -> None:
    """Keep why a VM is perhaps ours."""
    connection.execute(
        "INSERT OR REPLACE INTO suspects (vm_id, evidence, at) VALUES (?, ?, ?)",
        (safe_text(vm_id), safe_text(evidence), at),
    )


def _clear(connection: sqlite3.Connection, vm_id: str) -> None:
    """Forget that a VM is perhaps ours: it is gone."""
    connection.execute("DELETE FROM suspects WHERE vm_id = ?", (safe_text(vm_id),))


def _read_suspects(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the VMs that are perhaps ours, with the evidence."""
    return dict(connection.execute("SELECT vm_id, evidence FROM suspects ORDER BY at").fetchall())


def _dismiss(connection: sqlite3.Connection, vm_id: str, evidence: str, at: float) -> None:
    """Keep a dismissal; a VM that was perhaps ours is it no more."""
    connection.execute(
        "INSERT OR REPLACE INTO dismissals (vm_id, evidence, at) VALUES (?, ?, ?)",
        (safe_text(vm_id), safe_text(evidence), at),
    )
    _clear(connection, vm_id)


def _recall(connection: sqlite3.Connection, vm_id: str) -> None:
    """Take a dismissal back."""
    connection.execute("DELETE FROM dismissals WHERE vm_id = ?", (safe_text(vm_id),))


def _read_dismissed(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the dismissed VMs, with the evidence."""
    return dict(connection.execute("SELECT vm_id, evidence FROM dismissals ORDER BY at").fetchall())
