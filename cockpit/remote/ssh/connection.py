"""One SSH connection to one VM: verified, kept alive, bounded, and honest about why it ended."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from functools import partial

import asyncssh

from cockpit.remote.errors import ChannelRefused, Dropped, PortClosed, RemoteError, SshKeyRefused
from cockpit.remote.ssh.client import SshClient
from cockpit.remote.ssh.command import Completed, run_script
from cockpit.remote.ssh.compression import ALGORITHM
from cockpit.remote.ssh.connect_limit import ConnectLimit
from cockpit.remote.ssh.dialer import Dialer
from cockpit.remote.ssh.endpoint import SshEndpoint
from cockpit.remote.ssh.file_session import open_session
from cockpit.remote.ssh.files import read_file, write_file
from cockpit.remote.ssh.host_keys import HostKeyCheck
from cockpit.remote.ssh.process import ProcessListener, RemoteProcess
from cockpit.remote.ssh.promptness import Promptness
from cockpit.remote.ssh.pseudo_terminal import PseudoTerminal
from cockpit.remote.ssh.read_batching import ReadBatching
from cockpit.remote.ssh.streams import RemoteStream, open_stream
from cockpit.remote.ssh.trust import HostKeyStore

CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr")
"""AES-GCM first: it halves the CPU of chacha20 here. CTR is for servers that know nothing newer."""
CHANNEL_BUDGET = 8
"""Channels at once: sshd's default `MaxSessions` is 10."""
CLOSE_BOUND = 1.0
"""Seconds a polite close may take before the stream is cut."""
MISSED_HEARTBEAT = 1.25
"""A heartbeat goes out after one silent interval; unanswered a quarter interval later it counts as missed."""
WINDOW = 1 << 20
"""Bytes a remote command may be ahead of us."""
MOST_UNSENT = 1 << 18
"""Bytes that may wait for the network before bulk waits, too: the library itself sets no bound."""
ROOM_PAUSE = 0.02
"""Seconds between two looks whether that has become less."""

_NOTHING_TRUSTED = asyncssh.import_known_hosts("")
"""With a list, even an empty one, asyncssh asks HostKeyCheck; without one it would accept anybody."""


class Connection:
    """The one connection to a VM. It connects once; a new attempt is a new object."""

    def __init__(
        self,
        endpoint: SshEndpoint,
        private_key: str,
        host_keys: HostKeyStore,
        *,
        keepalive_interval: float = 15.0,
        keepalive_count: int = 3,
        connect_timeout: float = 20.0,
        channel_budget: int = CHANNEL_BUDGET,
        compression: bool = True,
        connect_limit: ConnectLimit | None = None,
        read_batching: ReadBatching | None = None,
        dialer: Dialer | None = None,
    ) -> None:
        """Prepare a connection; nothing is opened yet.

        Args:
            endpoint: where the SSH server is.
            private_key: text of an OpenSSH or PEM private key without passphrase; no other key is ever tried.
            host_keys: where host keys are pinned.
            keepalive_interval: seconds without a byte after which a heartbeat is sent.
            keepalive_count: unanswered heartbeats tolerated; the end is seen after interval x (count + 1) seconds.
            connect_timeout: seconds for TCP, TLS, key exchange and authentication together.
            channel_budget: channels open at once; further ones wait for a free place.
            compression: ask for zlib after authentication.
            connect_limit: limits simultaneous connects per host; the wait for it is not part of `connect_timeout`.
            read_batching: when the stream is read while all its processes are patient; None reads always at once.
            dialer: opens the stream; None goes straight to the endpoint.
        """
        self.endpoint = endpoint
        self._private_key = private_key
        self._host_keys = host_keys
        self._interval = keepalive_interval
        self._count = keepalive_count
        self._connect_timeout = connect_timeout
        self._budget = asyncio.Semaphore(channel_budget)
        self._compression = compression
        self._connect_limit = connect_limit
        self._read_batching = read_batching
        self._dialer = dialer or Dialer(endpoint, read_batching)
        self._promptness = Promptness(self._dialer, lambda: self.closed)
        self._ssh: asyncssh.SSHClientConnection | None = None
        self._closing = False
        self._ended = asyncio.Event()
        self._loss: Exception | None = None
        self.close_reason: RemoteError | None = None
        """Why the connection ended; None while it lives and after our own `close`."""

    # Life

    async def connect(self) -> None:
        """Open the stream, check the host key and log in.

        Raises:
            Unreachable, TlsRefused, ClosedWithoutBanner, HostKeyChanged, KeyRefused, Dropped: see their classes.
        """
        check = self._check()
        async with AsyncExitStack() as stack:
            if self._connect_limit is not None:
                await stack.enter_async_context(self._connect_limit.slot(self.endpoint.host))
            try:
                # Out of descriptors, the library says strange things: that this user has no name, for example.
                os.close(os.open(os.devnull, os.O_RDONLY))
                async with asyncio.timeout(self._connect_timeout):
                    self._ssh = await self._open(check)
            except TimeoutError as error:
                raise self._dialer.timed_out(self._connect_timeout) from error
            except (asyncssh.Error, OSError) as error:
                raise self._explain(error, check) from error
            finally:
                if self._ssh is None:
                    self._dialer.abort()
        check.confirm()

    def _check(self) -> HostKeyCheck:
        return HostKeyCheck(self.endpoint.identity, self._host_keys)

    def _import_key(self) -> asyncssh.SSHKey:
        try:
            return asyncssh.import_private_key(self._private_key)
        except asyncssh.KeyImportError as error:
            raise SshKeyRefused(
                f"the private key for {self.endpoint} cannot be read: {error}",
                hint="it must be an unencrypted OpenSSH or PEM key; fetch it again",
            ) from error

    async def _open(self, check: HostKeyCheck) -> asyncssh.SSHClientConnection:
        endpoint, key = self.endpoint, self._import_key()
        return await asyncssh.connect(
            endpoint.host,
            endpoint.port,
            tunnel=self._dialer,
            client_factory=lambda: SshClient(check, self._lost),
            username=endpoint.username,
            client_keys=[key],
            known_hosts=_NOTHING_TRUSTED,
            host_key_alias=endpoint.identity,
            server_host_key_algs=check.algorithms(),
            preferred_auth=["publickey"],
            agent_path=None,
            gss_host=None,
            agent_forwarding=False,
            config=[],
            encryption_algs=list(CIPHERS),
            compression_algs=[ALGORITHM, "none"] if self._compression else ["none"],
            keepalive_interval=self._interval,
            keepalive_count_max=self._count,
            login_timeout=0,
            x509_trusted_certs=None,
        )

    def _explain(self, error: Exception, check: HostKeyCheck) -> RemoteError:
        if isinstance(error, RemoteError):
            return error
        if check.conflict is not None:
            return check.conflict
        if isinstance(error, asyncssh.PermissionDenied):
            return SshKeyRefused(
                f"{self.endpoint} does not accept our key for user {self.endpoint.username}",
                hint="fetch the VM's key again; a VM just restored may need some seconds to take its new key",
            )
        if (early := self._dialer.closed_early()) is not None:
            return early
        return Dropped(
            f"the SSH handshake with {self.endpoint} ended early: {str(error) or type(error).__name__}",
            hint="it is tried again by itself",
        )

    def _lost(self, exc: Exception | None) -> None:
        self._loss = exc
        if self._ended.is_set():
            return
        self._ended.set()
        if not self._closing and self._ssh is not None:
            quiet = time.monotonic() - self._dialer.last_byte_at
            cause = str(exc) if exc is not None and str(exc) else "the stream ended"
            self.close_reason = Dropped(
                f"the connection to {self.endpoint} is gone: {cause}; the last byte came {quiet:.1f} s before",
                hint="it is opened again by itself",
            )

    async def close(self) -> None:
        """End the connection: politely within a second, then by cutting the stream. May be called at any time."""
        self._closing = True
        self._dialer.low_priority = False
        if self._ssh is None:
            self._dialer.abort()
            return
        self._ssh.close()
        try:
            async with asyncio.timeout(CLOSE_BOUND):
                await self._ssh.wait_closed()
        except TimeoutError:
            self._dialer.abort()
            self._ssh.abort()

    async def wait_closed(self) -> None:
        """Return when the connection ended."""
        await self._ended.wait()

    @property
    def connected(self) -> bool:
        """Logged in and not ended."""
        return self._ssh is not None and not self._ended.is_set() and not self._closing

    @property
    def closed(self) -> bool:
        """Ended, by us or by anything else."""
        return self._ended.is_set() or self._closing

    @property
    def last_byte_at(self) -> float:
        """`time.monotonic()` of the last byte from the VM."""
        return self._dialer.last_byte_at

    @property
    def silent_since(self) -> float | None:
        """`time.monotonic()` of the last byte if a heartbeat is overdue since, else None."""
        allowed = self._interval * MISSED_HEARTBEAT
        if self._read_batching is not None and self._dialer.low_priority:
            allowed += self._read_batching.interval
        if not self.connected or time.monotonic() - self.last_byte_at <= allowed:
            return None
        return self.last_byte_at

    @property
    def silent(self) -> bool:
        """A heartbeat was missed: whether the VM still lives is unknown. The next byte of any kind clears it."""
        return self.silent_since is not None

    # Channels

    async def open_process(
        self,
        command: str,
        listener: ProcessListener,
        *,
        window: int = WINDOW,
        wait: float = 30.0,
        terminal: PseudoTerminal | None = None,
    ) -> RemoteProcess:
        """Start a command given as one line for the login shell.

        Args:
            command: see `shell.command_line`.
            listener: hears what it says.
            window: bytes it may be ahead of us.
            wait: seconds to wait for a place in the channel budget and for the server's answer.
            terminal: what it is to run on; None for pipes.

        Raises:
            Dropped: there is no connection.
            ChannelRefused: the server or our budget gives no channel.
        """
        try:
            async with asyncio.timeout(wait):
                await self._budget.acquire()
        except TimeoutError as error:
            busy = f"all channels to {self.endpoint} were busy for {wait:g} s"
            raise ChannelRefused(busy, hint="wait for running commands to end") from error
        process = RemoteProcess(listener, self._process_changed, self._dialer.count)
        self._promptness.add(process)
        opened = False
        try:
            ssh = self._live()
            async with asyncio.timeout(wait):
                await ssh.create_session(
                    lambda: process,
                    command,
                    encoding=None,
                    window=window,
                    request_pty="force" if terminal is not None else False,
                    term_type=terminal.kind if terminal is not None else None,
                    term_size=(terminal.columns, terminal.rows) if terminal is not None else (),
                )
            opened = True
        except TimeoutError as error:
            raise ChannelRefused(
                f"{self.endpoint} did not open a channel within {wait:g} s",
                hint=f"the link or the {self.endpoint.kind} is stuck",
            ) from error
        except asyncssh.ChannelOpenError as error:
            if not self.connected:
                raise self._not_connected() from error
            raise ChannelRefused(
                f"{self.endpoint} opens no further channel: {error.reason}",
                hint="raise MaxSessions in its sshd_config, or close other sessions of this connection",
            ) from error
        except (asyncssh.Error, OSError) as error:
            raise self._not_connected() from error
        finally:
            if not opened:
                process.abandon()
        return process

    async def open_reader(self, command: str, listener: ProcessListener, *, window: int = WINDOW) -> RemoteProcess:
        """Start a command that lives as long as the connection; see `open_process`."""
        return await self.open_process(command, listener, window=window)

    async def open_sftp(self, wait: float = 30.0) -> asyncssh.SFTPClient | None:
        """Start a file transfer session; see `file_session.open_session`.

        Raises:
            Dropped: there is no connection.
            ChannelRefused: the server or our budget gives no channel.
        """
        ssh = self._live()
        with self.awaited():
            try:
                return await open_session(ssh, self._budget, str(self.endpoint), wait)
            except (ChannelRefused, asyncssh.Error, OSError) as error:
                if not self.connected:
                    raise self._not_connected() from error
                if isinstance(error, ChannelRefused):
                    raise
                return None

    def awaited(self) -> AbstractContextManager[None]:
        """Have the stream read at once, and not in rounds, while somebody waits for what it brings."""
        return self._promptness.awaited()

    @asynccontextmanager
    async def stream_to(self, host: str, port: int, *, wait: float = 30.0) -> AsyncIterator[RemoteStream]:
        """Open a stream to a port as the VM reaches it, for the time of the block; it is no session of the budget.

        Raises:
            Dropped: there is no connection.
            PortClosed, ChannelRefused: see `streams.open_stream`.
        """
        ssh = self._live()
        with self.awaited():
            try:
                stream = await open_stream(ssh, str(self.endpoint), host, port, wait=wait)
            except (asyncssh.Error, OSError, PortClosed, ChannelRefused) as error:
                # A connection that ended meanwhile is told as each of them by the library.
                if self.connected and isinstance(error, PortClosed | ChannelRefused):
                    raise
                raise self._not_connected() from error
            try:
                yield stream
            finally:
                stream.abort()

    async def room(self) -> None:
        """Return when little waits to be sent: bulk that a slow line holds back must not stand before a command."""
        # The library leaves its transport's bound unheard, so that nothing tells when there is room again.
        while self.connected and self._dialer.unsent > MOST_UNSENT:  # noqa: ASYNC110
            await asyncio.sleep(ROOM_PAUSE)

    def _process_changed(self, process: RemoteProcess) -> None:
        """Read at once while somebody waits for a process, else in rounds."""
        if process.ended:
            self._budget.release()
        if process.ended or process.low_priority:
            self._promptness.discard(process)
        else:
            self._promptness.add(process)

    def _live(self) -> asyncssh.SSHClientConnection:
        if self._ssh is None or not self.connected:
            raise self._not_connected()
        return self._ssh

    def _not_connected(self) -> RemoteError:
        return self.close_reason or Dropped(f"there is no connection to {self.endpoint}", hint="connect first")

    async def run(
        self,
        script: str,
        *arguments: str,
        stdin: bytes = b"",
        timeout: float,
        shell: str = "sh",
        limit: int = 8 << 20,
        heard: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """Run a shell script to its end; see `command.run_script`."""
        running = partial(run_script, self, script, arguments, stdin=stdin, timeout=timeout, shell=shell)
        return await running(output_limit=limit, heard=heard)

    async def read_file(self, path: str, offset: int = 0, limit: int = 8 << 20, *, timeout: float = 30.0) -> bytes:
        """See `files.read_file`."""
        return await read_file(self, path, offset, limit, timeout=timeout)

    async def write_file(self, path: str, data: bytes, mode: int = 0o600, *, timeout: float = 30.0) -> None:
        """See `files.write_file`."""
        await write_file(self, path, data, mode, timeout=timeout)
