"""The VMs that this cockpit froze and is to continue: they are remembered until they run again, or are gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from cockpit.model.codec import safe_text
from cockpit.store.reader import Reader
from cockpit.store.writer import Writer


class FrozenVms:
    """What was frozen, and why, in one store."""

    def __init__(self, writer: Writer, reader: Reader, now: Callable[[], float]) -> None:
        self._writer = writer
        self._reader = reader
        self._now = now

    async def add(self, vm_id: str, why: str) -> None:
        """Keep that a VM is about to be frozen. On the disk on return.

        Raises:
            StoreError: the disk refused.
        """
        at = self._now()
        await self._writer.run(lambda connection: _add(connection, vm_id, why, at), durable=True)

    async def forget(self, vm_id: str) -> None:
        """Forget a VM: it runs again, or is gone."""
        await self._writer.run(lambda connection: _forget(connection, vm_id))

    async def all(self) -> dict[str, str]:
        """Return what is frozen, with why, the oldest first."""
        return await self._reader.run(_read)


def _add(connection: sqlite3.Connection, vm_id: str, why: str, at: float) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO frozen (vm_id, why, at) VALUES (?, ?, ?)", (safe_text(vm_id), safe_text(why), at)
    )


def _forget(connection: sqlite3.Connection, vm_id: str) -> None:
    connection.execute("DELETE FROM frozen WHERE vm_id = ?", (safe_text(vm_id),))


def _read(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT vm_id, why FROM frozen ORDER BY at").fetchall())
