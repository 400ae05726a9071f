"""One SSH connection to a plain host: found, trusted and logged in to by OpenSSH's files and this host's settings."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncssh

from cockpit.remote.errors import ChannelRefused, Dropped, RemoteError, SshKeyRefused
from cockpit.remote.hosts.dialing import ALWAYS, HostDialer
from cockpit.remote.hosts.host import PlainHost
from cockpit.remote.hosts.known import KnownHostsCheck, KnownHostsClient
from cockpit.remote.hosts.resolving import resolve
from cockpit.remote.ssh.compression import ALGORITHM
from cockpit.remote.ssh.connection import CIPHERS, WINDOW, Connection
from cockpit.remote.ssh.host_keys import HostKeyCheck
from cockpit.remote.ssh.process import ProcessListener, RemoteProcess
from cockpit.remote.ssh.pseudo_terminal import PseudoTerminal
from cockpit.remote.ssh.read_batching import ReadBatching
from cockpit.remote.ssh.trust import HostKeyStore

CHANNELS = 6
"""Channels at once, of sshd's ten: the readers' common one, commands that are run, and some for other people."""
REFUSED_PAUSE = 0.1
"""Seconds until a refused channel is asked for again."""


class HostConnection(Connection):
    """A connection to one plain host. It connects once; a new attempt is a new object."""

    def __init__(
        self,
        host: PlainHost,
        host_keys: HostKeyStore,
        *,
        keepalive_interval: float = 15.0,
        keepalive_count: int = 3,
        connect_timeout: float = 20.0,
        compression: bool = True,
        read_batching: ReadBatching | None = None,
    ) -> None:
        """Prepare a connection; nothing is opened yet.

        Args:
            host: where it is, and with which keys it is opened.
            host_keys: keys the operator trusted here, beside those of `known_hosts`.
            keepalive_interval: as of `Connection`, and so are the others.
        """
        way = HostDialer(host, read_batching)
        super().__init__(
            host.endpoint(),
            "",
            host_keys,
            keepalive_interval=keepalive_interval,
            keepalive_count=keepalive_count,
            connect_timeout=connect_timeout,
            channel_budget=CHANNELS,
            compression=compression,
            read_batching=read_batching,
            dialer=way,
        )
        self._host, self._way = host, way

    def _check(self) -> HostKeyCheck:
        return KnownHostsCheck(self.endpoint.identity, self._host_keys)

    async def _open(self, check: HostKeyCheck) -> asyncssh.SSHClientConnection:
        assert isinstance(check, KnownHostsCheck)
        options = self._host.options()
        if self._host.jump:
            options["tunnel"] = self._host.jump
        place = await resolve(self._host, self._host.address, options)
        check.known_hosts = place.trusted
        self.endpoint = replace(self.endpoint, host=place.address, port=place.port)
        self._way.follow(self.endpoint, place)
        try:
            return await asyncssh.connect(
                self._host.address,
                client_factory=lambda: KnownHostsClient(check, self._lost_way),
                encryption_algs=list(CIPHERS),
                compression_algs=[ALGORITHM, "none"] if self._compression else ["none"],
                keepalive_interval=self._interval,
                keepalive_count_max=self._count,
                **(place.options | ALWAYS | {"tunnel": self._way}),
            )
        except (asyncssh.Error, OSError):
            await self._way.settle()
            raise

    async def open_process(
        self,
        command: str,
        listener: ProcessListener,
        *,
        window: int = WINDOW,
        wait: float = 30.0,
        terminal: PseudoTerminal | None = None,
    ) -> RemoteProcess:
        """Start a command; see `Connection.open_process`.

        The server counts a session until it has cleaned up behind it: one that is refused for that has room soon.
        """
        deadline = asyncio.get_running_loop().time() + wait
        while True:
            left = max(0.1, deadline - asyncio.get_running_loop().time())
            try:
                return await super().open_process(command, listener, window=window, wait=left, terminal=terminal)
            except ChannelRefused:
                if not self.connected or asyncio.get_running_loop().time() + REFUSED_PAUSE >= deadline:
                    raise
            await asyncio.sleep(REFUSED_PAUSE)

    async def lead_back(self, port: int, host: str, target: int, *, wait: float = 15.0) -> None:
        """Have a port of the server's loopback lead to one as this machine reaches it, until the connection ends.

        Args:
            port: the server's.
            host: where the target is.
            target: the port that is meant.
            wait: seconds it may take.

        Raises:
            Dropped: there is no connection.
            ChannelRefused: the server opens no such port, or not in time.
        """
        ssh = self._live()
        hint = "something else is on that port, or its sshd_config forbids it (AllowTcpForwarding, PermitListen)"
        try:
            async with asyncio.timeout(wait):
                await ssh.forward_remote_port("127.0.0.1", port, host, target)
        except asyncssh.ChannelListenError as error:
            raise ChannelRefused(f"{self.endpoint} does not lead its port {port} here", hint=hint) from error
        except TimeoutError as error:
            raise ChannelRefused(
                f"{self.endpoint} did not lead its port {port} here within {wait:g} s", hint=hint
            ) from error
        except (asyncssh.Error, OSError) as error:
            raise self._not_connected() from error

    def _lost_way(self, exc: Exception | None) -> None:
        self._lost(exc)
        self._way.leave()

    def _explain(self, error: Exception, check: HostKeyCheck) -> RemoteError:
        explained = super()._explain(error, check)
        if isinstance(error, asyncssh.HostKeyNotVerifiable) and isinstance(explained, Dropped):
            assert isinstance(check, KnownHostsCheck)
            return check.refusal_of(str(error))
        if isinstance(explained, SshKeyRefused):
            user = f" for user {self._host.user}" if self._host.user else ""
            return SshKeyRefused(
                f"{self.endpoint} accepts none of our keys{user}",
                hint=f"try `ssh {self._host.address}` by hand; name a key by identity_file, or load the agent",
            )
        return explained
