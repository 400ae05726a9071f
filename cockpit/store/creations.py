"""Calls that make VMs, written down before they are made: what a killed process leaves behind is looked for later."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from cockpit.model.codec import safe_text
from cockpit.store.lease import Leases
from cockpit.store.reader import Reader
from cockpit.store.writer import Writer


@dataclass(frozen=True, slots=True)
class CreationRow:
    """One call to make VMs that was not seen to its end. Times are unix seconds."""

    request: str
    """The value of the label that the call carries; nobody can guess it."""
    verb: str
    target: str
    """Whom it is for, as people name it."""
    source: str
    """What the VM is made from: `image`, `commit ID` or `vm ID`."""
    account: str
    at: float
    agent: str
    """What the agent on it will be, as JSON."""
    known: tuple[str, ...] = ()
    """VMs that were there before."""
    vms: tuple[str, ...] = ()
    """What is ours for certain and has no agent yet: the call's own answer named it, or it carries the label."""
    told: bool = False
    """The operator was told that nothing was found."""


class CreationLog:
    """The calls that are under way or were cut off, in one store.

    While a call is under way its process holds a lease on it, so that no other process takes it for cut off.
    """

    def __init__(self, writer: Writer, reader: Reader, leases: Leases) -> None:
        self._writer = writer
        self._reader = reader
        self._leases = leases

    async def begin(self, row: CreationRow) -> None:
        """Write a call down, and hold it. It is on the disk when this returns: the call may be made then.

        Raises:
            StoreError: the disk refused.
        """
        self._leases.take(_lease(row.request))
        await self._writer.run(lambda connection: _insert(connection, row), durable=True)

    async def made(self, request: str, vm_ids: Iterable[str]) -> None:
        """Write down what is ours for certain.

        Raises:
            StoreError: the disk refused.
        """
        vms = json.dumps([safe_text(vm_id) for vm_id in vm_ids])
        await self._writer.run(
            lambda connection: connection.execute("UPDATE creations SET vms = ? WHERE request = ?", (vms, request)),
            durable=True,
        )

    async def finish(self, request: str) -> None:
        """Let go of a call whose outcome is known, and forget it unless VMs that it made have no agent yet.

        Raises:
            StoreError: the disk refused.
        """
        try:
            await self._writer.run(
                lambda connection: connection.execute(
                    "DELETE FROM creations WHERE request = ? AND vms = '[]'", (request,)
                )
            )
        finally:
            self.let_go(request)

    async def settle(self, vm_id: str) -> None:
        """Forget of a VM that a call made it: an agent was started on it, or it is gone.

        Raises:
            StoreError: the disk refused.
        """
        await self._writer.run(lambda connection: _settle(connection, vm_id))

    async def tell(self, request: str) -> None:
        """Keep that the operator was told that nothing was found.

        Raises:
            StoreError: the disk refused.
        """
        await self._writer.run(
            lambda connection: connection.execute("UPDATE creations SET told = 1 WHERE request = ?", (request,))
        )

    def is_under_way(self, request: str) -> bool:
        """Say whether this process makes the call."""
        return self._leases.holds(_lease(request))

    def take(self, request: str) -> bool:
        """Hold a call that was cut off; False while the process that makes it is alive, in this one or another."""
        return not self.is_under_way(request) and self._leases.take(_lease(request))

    def let_go(self, request: str) -> None:
        """Hold a call no more."""
        self._leases.release(_lease(request))

    async def rows(self) -> list[CreationRow]:
        """Return the calls that are under way or were cut off, the oldest first."""
        return await self._reader.run(_read)


def _lease(request: str) -> str:
    """Return what stands for a call among the leases, apart from every agent's id."""
    return f"creation {request}"


def _insert(connection: sqlite3.Connection, row: CreationRow) -> None:
    """Write a call down."""
    connection.execute(
        "INSERT INTO creations (request, verb, target, source, account, at, agent, known, vms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, '[]')",
        (
            row.request,
            row.verb,
            safe_text(row.target),
            safe_text(row.source),
            safe_text(row.account),
            row.at,
            safe_text(row.agent),
            json.dumps([safe_text(vm_id) for vm_id in row.known]),
        ),
    )


def _settle(connection: sqlite3.Connection, vm_id: str) -> None:
    """Take a VM away from the call that made it; a call that has none left is over."""
    for row in _read(connection):
        if vm_id in row.vms:
            left = [known for known in row.vms if known != vm_id]
            if left:
                connection.execute("UPDATE creations SET vms = ? WHERE request = ?", (json.dumps(left), row.request))
            else:
                connection.execute("DELETE FROM creations WHERE request = ?", (row.request,))


def _read(connection: sqlite3.Connection) -> list[CreationRow]:
    """Return all calls that are written down."""
    found = connection.execute(
        "SELECT request, verb, target, source, account, at, agent, known, vms, told FROM creations ORDER BY at"
    )
    return [
        CreationRow(
            request,
            verb,
            target,
            source,
            account,
            at,
            agent,
            known=tuple(json.loads(known)),
            vms=tuple(json.loads(vms)),
            told=bool(told),
        )
        for request, verb, target, source, account, at, agent, known, vms, told in found
    ]
