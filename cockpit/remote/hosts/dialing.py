"""The stream below SSH to a plain host: straight, through jump hosts, or through a command of OpenSSH's."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import asyncssh

from cockpit.processes import started
from cockpit.remote.errors import ClosedWithoutBanner, HostUnreachable, RemoteError
from cockpit.remote.hosts.host import PlainHost
from cockpit.remote.hosts.known import KnownHostsCheck, KnownHostsClient
from cockpit.remote.hosts.resolving import ResolvedPlace, parse_place, resolve
from cockpit.remote.ssh.dialer import Dialer, Watched
from cockpit.remote.ssh.endpoint import SshEndpoint
from cockpit.remote.ssh.read_batching import ReadBatching

ALWAYS: dict[str, Any] = {
    "preferred_auth": ["publickey"],
    "gss_host": None,
    "agent_forwarding": False,
    "login_timeout": 0,
    "x509_trusted_certs": None,
}
"""What asyncssh is told of every place, whatever OpenSSH's files say."""

MOST_JUMPS = 8
"""Places one behind the other that a way may lead through; more of them lead in a circle."""

SAID_LIMIT = 300
"""Bytes kept of what a command says that was to be the way."""

SETTLE_LIMIT = 1.0
"""Seconds that command gets to say why it failed."""


class _TrustsNobody:
    """What is trusted by order is a host's own key, never that of a place before it."""

    def known(self, identity: str) -> tuple[str, ...]:
        return ()

    def trust(self, identity: str, key: str) -> None:
        raise AssertionError("the key of a jump host is trusted by known_hosts alone")


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
        self._listening: asyncio.Task[None] | None = None
        self._said = b""
        self._jump = self._command = ""

    def follow(self, endpoint: SshEndpoint, place: ResolvedPlace) -> None:
        """Take the way that OpenSSH's files and the host's settings say together."""
        self._endpoint, self._jump, self._command = endpoint, place.jump, place.command

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
        if self._jump:
            last = await self._through(self._jump)
            try:
                await last.create_connection(lambda: _ThroughJump(watched), host, port)
            except (OSError, asyncssh.Error) as error:
                raise HostUnreachable(
                    f"{self._endpoint} cannot be reached from jump host {self._jump}: {_words(error)}",
                    hint="look whether that host reaches it, and whether its sshd forbids it (AllowTcpForwarding)",
                ) from error
        elif self._command:
            await loop.create_connection(lambda: watched, sock=await self._start_command())
        else:
            try:
                self._socket, _ = await loop.create_connection(lambda: watched, host, port)
            except OSError as error:
                raise self._unreachable(error) from error
        assert self.transport is not None
        return self.transport, connection

    async def _through(self, words: str, depth: int = 0) -> asyncssh.SSHClientConnection:
        """Connect to places one behind the other, and to those before the first; return the last of them."""
        last: asyncssh.SSHClientConnection | None = None
        for word in words.split(","):
            if len(self._jumps) + depth >= MOST_JUMPS:
                raise HostUnreachable(
                    f"{self._endpoint} cannot be reached through {self._jump}: that way leads in a circle",
                    hint=f"look at ProxyJump in {self._plain.config_file}",
                )
            user, name, port = parse_place(word)
            options = {key: value for key, value in self._plain.options().items() if key not in ("username", "port")}
            options |= {"username": user} if user else {}
            options |= {"port": port} if port else {}
            place = await resolve(self._plain, name, options)
            if last is None and place.jump:
                last = await self._through(place.jump, depth + 1)
            last = await self._connect(word.strip(), name, place, last)
            self._jumps.append(last)
        assert last is not None
        return last

    async def _connect(
        self, word: str, name: str, place: ResolvedPlace, before: asyncssh.SSHClientConnection | None
    ) -> asyncssh.SSHClientConnection:
        check = KnownHostsCheck(f"jump host {word}", _TrustsNobody(), trusts_here=False)
        check.known_hosts = place.trusted
        try:
            return await asyncssh.connect(
                name,
                client_factory=lambda: KnownHostsClient(check, lambda _: None),
                **(place.options | ALWAYS | {"tunnel": before}),
            )
        except (OSError, asyncssh.Error) as error:
            raise self._refused_by(word, check, error) from error

    def _refused_by(self, word: str, check: KnownHostsCheck, error: Exception) -> RemoteError:
        """Say what a jump host said no to."""
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            told = check.conflict or check.refusal_of(str(error))
            said, hint = told.message, told.hint
        elif isinstance(error, asyncssh.PermissionDenied):
            said = f"jump host {word} accepts none of our keys"
            hint = f"try `ssh {word}` by hand; its keys stand in {self._plain.config_file}, or in the agent"
        else:
            said = f"jump host {word}: {_words(error)}"
            hint = "look at the jump host first; it is tried again by itself"
        return HostUnreachable(f"{self._endpoint} cannot be reached: {said}", hint=hint)

    async def _start_command(self) -> socket.socket:
        """Start the command, by a shell as OpenSSH does, and return our end of its standard input and output."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._proxy = await started(
                "sh",
                "-c",
                f"exec {self._command}",
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        assert self._proxy.stderr is not None
        self._listening = asyncio.create_task(self._listen(self._proxy.stderr), name=f"way to {self._endpoint}")
        ours.setblocking(False)
        return ours

    async def _listen(self, stream: asyncio.StreamReader) -> None:
        while data := await stream.read(4096):
            self._said = (self._said + data)[-SAID_LIMIT:]

    async def settle(self) -> None:
        """Give a command that was the way a moment to say why it failed."""
        if self._listening is not None:
            await asyncio.wait({self._listening}, timeout=SETTLE_LIMIT)

    def closed_early(self) -> ClosedWithoutBanner | None:
        """Return why a stream that ended showed no SSH server, with what the command said that was the way."""
        early = super().closed_early()
        if early is None or not self._command:
            return early
        said = self._said.decode("utf-8", "backslashreplace").strip()
        last = f"and said: {said}" if said else "silently"
        return ClosedWithoutBanner(
            f"{self._endpoint} cannot be reached: `{self._command}` ended {last}",
            hint=f"try it by hand; it is the ProxyCommand in {self._plain.config_file}",
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
            with suppress(ProcessLookupError):
                os.killpg(self._proxy.pid, signal.SIGTERM)
        self._proxy = None


def _words(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).strip()
