"""The one connection to a host, lent to all who need it there: each has its own view of it and its own home."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from cockpit.remote.errors import CommandFailed, Dropped, RemoteError
from cockpit.remote.hosts.multiplexer import Multiplexer
from cockpit.remote.ssh.connection import WINDOW, Connection
from cockpit.remote.ssh.process import ProcessListener, RemoteProcess
from cockpit.remote.ssh.pseudo_terminal import PseudoTerminal
from cockpit.remote.ssh.shell import quote
from cockpit.remote.ssh.streams import RemoteStream

if TYPE_CHECKING:
    import asyncssh

    from cockpit.remote.hosts.connection import HostConnection

log = logging.getLogger(__name__)

READER_WAIT = 30.0
"""Seconds the host has to start what its readers share."""

RETRY_PAUSE = 2.0
"""Seconds for which a failed attempt is the answer to all who ask: forty agents must not try one after another."""


_SEARCH = 'PATH=$PATH:$1; export PATH; shift; exec "$@"'


class _NoKeys:
    """A lent connection is open: nothing of it is ever checked again."""

    def known(self, identity: str) -> tuple[str, ...]:
        return ()

    def trust(self, identity: str, key: str) -> None:
        raise AssertionError("a lent connection trusts nobody")


class LentConnection(Connection):
    """One user's view of a host's connection: closing it leaves the connection to the others."""

    def __init__(
        self,
        connection: HostConnection,
        multiplexer: Multiplexer,
        variables: Mapping[str, str],
        search: Sequence[str] = (),
    ) -> None:
        """Prepare.

        Args:
            connection: the common one, which is open.
            multiplexer: its readers' common channel.
            variables: set for each command that is started through this view.
            search: directories behind the server's own search path.
        """
        super().__init__(connection.endpoint, "", _NoKeys())
        self._connection = connection
        self._multiplexer = multiplexer
        words = [f"{name}={value}" for name, value in variables.items()]
        prefix = ["exec", *(["env", *words] if words else [])]
        if search:
            prefix += ["sh", "-c", _SEARCH, "sh", ":".join(search)]
        self._prefix = " ".join(map(quote, prefix)) + " "
        self._elsewhere = "HOME" in variables

    async def connect(self) -> None:
        """Do nothing: it is open."""

    async def close(self) -> None:
        """Give it back; the common connection stays."""
        self._closing = True
        self._ended.set()

    def lose(self, reason: RemoteError | None) -> None:
        """Learn that the common connection ended."""
        if not self.closed:
            self.close_reason = reason or Dropped(f"the connection to {self.endpoint} was closed")
        self._ended.set()

    @property
    def connected(self) -> bool:
        """Open, and not given back."""
        return not self.closed and self._connection.connected

    @property
    def last_byte_at(self) -> float:
        """`time.monotonic()` of the last byte from the host."""
        return self._connection.last_byte_at

    @property
    def silent_since(self) -> float | None:
        """As of the common connection."""
        return None if self.closed else self._connection.silent_since

    async def open_process(
        self,
        command: str,
        listener: ProcessListener,
        *,
        window: int = WINDOW,
        wait: float = 30.0,
        terminal: PseudoTerminal | None = None,
    ) -> RemoteProcess:
        """Start a command on a channel of its own; see `Connection.open_process`."""
        self._demand()
        line = self._line(command)
        return await self._connection.open_process(line, listener, window=window, wait=wait, terminal=terminal)

    async def open_reader(self, command: str, listener: ProcessListener, *, window: int = WINDOW) -> RemoteProcess:
        """Start a command that lives long, on the channel that all such share; where that cannot be, on its own."""
        self._demand()
        line = self._line(command)
        if not self._multiplexer.lacking:
            try:
                return await self._multiplexer.open(line, listener, window=window, wait=READER_WAIT)
            except CommandFailed as error:
                log.warning("%s; each reader takes a channel of its own there", error)
        return await self._connection.open_process(line, listener, window=window)

    def _line(self, command: str) -> str:
        return self._prefix + command.removeprefix("exec ")

    def _demand(self) -> None:
        if self.closed:
            raise self.close_reason or Dropped(f"the connection to {self.endpoint} was given back")

    async def open_sftp(self, wait: float = 30.0) -> asyncssh.SFTPClient | None:
        """Start a file transfer session; none where the home is another than the server's, which it would lead to."""
        self._demand()
        return None if self._elsewhere else await self._connection.open_sftp(wait)

    def awaited(self) -> AbstractContextManager[None]:
        """As of the common connection."""
        return self._connection.awaited()

    @asynccontextmanager
    async def stream_to(self, host: str, port: int, *, wait: float = 30.0) -> AsyncIterator[RemoteStream]:
        """Open a stream to a port as the host reaches it; see `Connection.stream_to`."""
        self._demand()
        async with self._connection.stream_to(host, port, wait=wait) as stream:
            yield stream

    async def lead_back(self, port: int, host: str, target: int, *, wait: float = 15.0) -> None:
        """As of the common connection, which it lasts as long as."""
        self._demand()
        await self._connection.lead_back(port, host, target, wait=wait)

    @property
    def common(self) -> HostConnection:
        """The connection that all who need the host share."""
        return self._connection

    async def room(self) -> None:
        """As of the common connection."""
        await self._connection.room()


class HostLine:
    """Keeps at most one connection to a host, opened when somebody needs it."""

    def __init__(self, make: Callable[[], HostConnection]) -> None:
        """Prepare; nothing is opened.

        Args:
            make: returns a new connection that is not open yet.
        """
        self._make = make
        self._opening = asyncio.Lock()
        self._connection: HostConnection | None = None
        self._multiplexer: Multiplexer | None = None
        self._lent: set[LentConnection] = set()
        self._watch: asyncio.Task[None] | None = None
        self._failure: RemoteError | None = None
        self._failed_at = float("-inf")
        self.connects = 0
        """Connections that were opened so far."""

    async def lend(
        self, variables: Mapping[str, str] | None = None, *, search: Sequence[str] = (), anew: bool = False
    ) -> LentConnection:
        """Return a view of the connection, which is opened if it is not.

        Args:
            variables: set for each command that is started through the view.
            search: directories in which its programs are looked for, behind those of the server's search path.
            anew: try at once, also right after a failure.

        Raises:
            RemoteError: the host cannot be reached; says why.
        """
        async with self._opening:
            if self._connection is None or not self._connection.connected:
                await self._open(anew)
            assert self._connection is not None and self._multiplexer is not None
            lent = LentConnection(self._connection, self._multiplexer, variables or {}, search)
            self._lent = {one for one in self._lent if not one.closed} | {lent}
            return lent

    async def _open(self, anew: bool) -> None:
        if self._failure is not None and not anew and time.monotonic() - self._failed_at < RETRY_PAUSE:
            raise self._failure
        connection = self._make()
        try:
            await connection.connect()
        except RemoteError as error:
            self._failure, self._failed_at = error, time.monotonic()
            raise
        self._failure = None
        self.connects += 1
        self._connection, self._multiplexer = connection, Multiplexer(connection)
        self._watch = asyncio.create_task(self._until_lost(connection), name=f"line to {connection.endpoint}")

    async def _until_lost(self, connection: HostConnection) -> None:
        await connection.wait_closed()
        if self._connection is connection:
            self._connection = self._multiplexer = None
            lent, self._lent = self._lent, set()
            for one in lent:
                one.lose(connection.close_reason)

    async def close(self) -> None:
        """End the connection, and all views of it."""
        connection, self._connection = self._connection, None
        lent, self._lent = self._lent, set()
        for one in lent:
            one.lose(None)
        if connection is not None:
            await connection.close()
        if self._watch is not None:
            self._watch.cancel()
