"""The stream below SSH to a plain host: straight, through jump hosts, or through a command of OpenSSH's."""

from __future__ import annotations

import asyncio
import shlex
import socket
from collections.abc import Callable
from typing import Any, cast

import asyncssh

from cockpit.remote.errors import HostUnreachable, RemoteError
from cockpit.remote.hosts.host import PlainHost
from cockpit.remote.ssh.dialer import Dialer, Watched
from cockpit.remote.ssh.read_batching import ReadBatching


class _ThroughJump(asyncssh.SSHTCPSession[bytes]):
    """A channel of a jump host as the stream of the connection behind it."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched

    def connection_made(self, chan: asyncssh.SSHTCPChannel[bytes]) -> None:
        self._watched.connection_made(cast(asyncio.Transport, chan))

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self._watched.data_received(data)

    def eof_received(self) -> bool:
        self._watched.eof_received()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._watched.connection_lost(exc)


class HostDialer(Dialer):
    """Opens the stream the way that OpenSSH would."""

    def __init__(self, host: PlainHost, read_batching: ReadBatching | None = None) -> None:
        super().__init__(host.endpoint(), read_batching)
        self._plain = host
        self._jumps: list[asyncssh.SSHClientConnection] = []
        self._proxy: asyncio.subprocess.Process | None = None
        self.jump: Any = None
        """`USER@HOST:PORT` words, as asyncssh resolved them; None goes straight."""
        self.command: Any = None
        """The words of a command whose standard input and output are the way; None for none."""

    async def create_connection(
        self, session_factory: Callable[[], Any], host: str, port: int
    ) -> tuple[asyncio.Transport, Any]:
        """Open the stream and put asyncssh's connection on it; asyncssh calls this with the resolved place.

        Raises:
            HostUnreachable: the place, or one on the way to it, does not answer.
        """
        connection = session_factory()
        watched = Watched(self, connection)
        loop = asyncio.get_running_loop()
        try:
            if self.jump:
                last = await self._last_jump(str(self.jump))
                await last.create_connection(lambda: _ThroughJump(watched), host, port)
            elif self.command:
                await loop.create_connection(lambda: watched, sock=await self._through_command())
            else:
                self._socket, _ = await loop.create_connection(lambda: watched, host, port)
        except OSError as error:
            raise self._unreachable(error) from error
        except asyncssh.Error as error:
            raise self._refused_on_the_way(error) from error
        assert self.transport is not None
        return self.transport, connection

    async def _last_jump(self, words: str) -> asyncssh.SSHClientConnection:
        last: asyncssh.SSHClientConnection | None = None
        for word in words.split(","):
            user, _, place = word.strip().rpartition("@")
            name, _, port = place.partition(":")
            options = self._plain.options() | {"agent_forwarding": False, "preferred_auth": ["publickey"]}
            options.pop("port", None)
            options.pop("username", None)
            if user:
                options["username"] = user
            if port:
                options["port"] = int(port)
            last = await asyncssh.connect(name, tunnel=last or (), **options)
            self._jumps.append(last)
        assert last is not None
        return last

    async def _through_command(self) -> socket.socket:
        """Start the command, and return our end of its standard input and output."""
        words = shlex.split(self.command) if isinstance(self.command, str) else list(self.command)
        ours, theirs = socket.socketpair()
        with theirs:
            self._proxy = await asyncio.create_subprocess_exec(
                *words,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        ours.setblocking(False)
        return ours

    def _refused_on_the_way(self, error: asyncssh.Error) -> RemoteError:
        said = str(error) or type(error).__name__
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            return HostUnreachable(
                f"{self._endpoint} cannot be reached through {self.jump}: {said}",
                hint="compare the jump host's key, and let `ssh` connect to it once: that writes it down",
            )
        return HostUnreachable(
            f"{self._endpoint} cannot be reached through {self.jump}: {said}", hint="look at the jump host first"
        )

    def abort(self) -> None:
        """Close the stream at once, and what it went through."""
        super().abort()
        self.leave()

    def leave(self) -> None:
        """Close what the stream went through."""
        for jump in reversed(self._jumps):
            jump.abort()
        self._jumps = []
        if self._proxy is not None and self._proxy.returncode is None:
            self._proxy.terminate()
        self._proxy = None
