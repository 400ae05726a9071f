"""The host keys that were trusted on first use, shared by every cockpit of this user."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from cockpit.model.codec import safe_text
from cockpit.store import schema
from cockpit.store.errors import store_error

WAIT = 2.0
"""Seconds to wait for another writer. These calls block their caller, so it is short."""


class HostKeys:
    """Synchronous access on a connection of its own, so that a callback of the SSH library may use it."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._now = now
        self._connection: sqlite3.Connection | None = None

    def known(self, identity: str) -> tuple[str, ...]:
        """Return the keys trusted for a host, the oldest first.

        Raises:
            StoreError: the file cannot be read; nothing may be trusted then.
        """
        rows = self._run(
            "read the host keys in",
            "SELECT key FROM host_keys WHERE identity = ? ORDER BY trusted_at, key",
            (safe_text(identity),),
        )
        return tuple(key for (key,) in rows)

    def trust(self, identity: str, key: str) -> None:
        """Add a key to those trusted for a host.

        Raises:
            StoreError: the file cannot be written.
        """
        self._run(
            "write the host keys in",
            "INSERT OR IGNORE INTO host_keys (identity, key, trusted_at) VALUES (?, ?, ?)",
            (safe_text(identity), safe_text(key), self._now()),
        )

    def forget(self, identity: str) -> None:
        """Trust no key of a host any more: the next one offered counts as the first.

        Raises:
            StoreError: the file cannot be written.
        """
        self._run("write the host keys in", "DELETE FROM host_keys WHERE identity = ?", (safe_text(identity),))

    def close(self) -> None:
        """Let go of the file; a later call opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _run(self, tried: str, statement: str, values: tuple[object, ...]) -> list[tuple[str]]:
        try:
            if self._connection is None:
                self._connection = schema.connect(self._path, timeout=WAIT)
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self.close()
            raise store_error(tried, self._path, error) from error
