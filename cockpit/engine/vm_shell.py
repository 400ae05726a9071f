"""Scripts on a VM that may be run again: a link that gives out in the middle is opened anew, and they are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.remote.errors import CommandFailed, CommandTimedOut, RemoteError
from cockpit.remote.ssh.command import Completed

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)

PATIENCE = 120.0
"""Seconds a VM has to let us in again."""

PAUSE = 1.0


class VmShell:
    """Runs scripts over whichever connection there is."""

    def __init__(self, open_connection: Callable[[], Awaitable[Connection]]) -> None:
        self._open = open_connection
        self._connection: Connection | None = None

    async def connection(self) -> Connection:
        """Return an open connection, trying for `PATIENCE` seconds.

        Raises:
            CockpitError: it did not come about; says why.
        """
        if self._connection is not None and not self._connection.closed:
            return self._connection
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                self._connection = await self._open()
                return self._connection
            except CockpitError as error:
                if asyncio.get_running_loop().time() >= deadline:
                    raise
                log.info("a VM does not let us in yet: %s", error)
            await asyncio.sleep(PAUSE)

    async def run(self, script: str, *arguments: str, stdin: bytes = b"", timeout: float) -> Completed:
        """Run a script to its end, again if the link gives out meanwhile.

        Raises:
            CommandTimedOut: it did not end in `timeout` seconds.
            CockpitError: the VM cannot be reached.
        """
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            connection = await self.connection()
            try:
                return await connection.run(script, *arguments, stdin=stdin, timeout=timeout)
            except (CommandTimedOut, CommandFailed):
                raise
            except RemoteError as error:
                if asyncio.get_running_loop().time() >= deadline:
                    raise
                log.info("a script is run again: %s", error)
                await asyncio.sleep(PAUSE)

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()
