"""Commits that are kept of agents, with who was on them: written down before each is ordered."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import astuple

from cockpit.model.codec import safe_text
from cockpit.model.ids import CommitId, VmId
from cockpit.model.kept import KeptCommit, KeptFor, KeptState
from cockpit.model.size import VmSize
from cockpit.store.lease import Leases
from cockpit.store.reader import Reader
from cockpit.store.writer import Writer

_COLUMNS = (
    "request, purpose, state, at, account, vm_id, name, identity, kind, commit_id, size, expires_at, parent, prompt,"
    " trouble"
)


class KeptLog:
    """The commits that are kept, in one store.

    While one is being taken its process holds a lease on it, so that no other process takes the order for cut off.
    """

    def __init__(self, writer: Writer, reader: Reader, leases: Leases) -> None:
        self._writer = writer
        self._reader = reader
        self._leases = leases

    async def put(self, kept: KeptCommit) -> None:
        """Write a commit down, or what became of it. It is on the disk when this returns.

        Raises:
            StoreError: the disk refused.
        """
        await self._writer.run(lambda connection: _put(connection, kept), durable=True)

    async def forget(self, request: str) -> None:
        """Forget a commit: it is gone, or was never taken.

        Raises:
            StoreError: the disk refused.
        """
        await self._writer.run(
            lambda connection: connection.execute("DELETE FROM kept_commits WHERE request = ?", (request,)),
            durable=True,
        )

    def take(self, request: str) -> bool:
        """Hold an order; False while a process that is alive holds it, this one included."""
        lease = _lease(request)
        return not self._leases.holds(lease) and self._leases.take(lease)

    def let_go(self, request: str) -> None:
        """Hold an order no more."""
        self._leases.release(_lease(request))

    async def rows(self) -> list[KeptCommit]:
        """Return all commits that are kept, the oldest first."""
        return await self._reader.run(_read)


def _lease(request: str) -> str:
    """Return what stands for an order among the leases, apart from every agent's id."""
    return f"kept {request}"


def _put(connection: sqlite3.Connection, kept: KeptCommit) -> None:
    marks = ", ".join("?" * len(_COLUMNS.split(",")))
    connection.execute(
        f"INSERT OR REPLACE INTO kept_commits ({_COLUMNS}) VALUES ({marks})",
        (
            kept.request,
            kept.purpose.value,
            kept.state.value,
            kept.at,
            safe_text(kept.account),
            safe_text(kept.vm),
            safe_text(kept.name),
            safe_text(kept.identity),
            safe_text(kept.kind),
            safe_text(kept.commit or ""),
            json.dumps(astuple(kept.size)) if kept.size is not None else "",
            kept.expires_at,
            safe_text(kept.parent),
            safe_text(kept.prompt),
            safe_text(kept.trouble),
        ),
    )


def _read(connection: sqlite3.Connection) -> list[KeptCommit]:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM kept_commits ORDER BY at, request")
    return [
        KeptCommit(
            request,
            KeptFor(purpose),
            KeptState(state),
            at,
            account,
            VmId(vm_id),
            name,
            identity,
            kind,
            CommitId(commit) if commit else None,
            VmSize(*json.loads(size)) if size else None,
            expires_at,
            parent,
            prompt,
            trouble,
        )
        for (
            request,
            purpose,
            state,
            at,
            account,
            vm_id,
            name,
            identity,
            kind,
            commit,
            size,
            expires_at,
            parent,
            prompt,
            trouble,
        ) in rows
    ]
