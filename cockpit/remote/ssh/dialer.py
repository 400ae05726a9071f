"""The stream below SSH: TCP or TLS with SNI, inside this process, with a watch on every byte that arrives."""

from __future__ import annotations

import asyncio
import functools
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from cockpit.remote.errors import CertificateRefused, ClosedWithoutBanner, HostUnreachable, RemoteError, TlsRefused
from cockpit.remote.ssh.endpoint import SshEndpoint, Tls
from cockpit.remote.ssh.read_batching import ReadBatching

EVIDENCE_BYTES = 512
"""Bytes kept of what a server says first, to be quoted when it is no SSH server."""
FLOOD_BYTES = 64 << 10
"""Bytes said by remote commands from one round to the next above which a stream is read without a pause: a command
that is a whole window ahead waits for us, and what compression made of a window is no measure."""


@functools.lru_cache(maxsize=16)
def _context(ca_file: str | None, _modified_ns: int) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Return a verifying context; reading the system's store takes tens of milliseconds, so it is shared.

    Raises:
        TlsRefused: the file with the authorities cannot be read.
    """
    try:
        modified = Path(tls.ca_file).stat().st_mtime_ns if tls.ca_file else 0
        return _context(tls.ca_file, modified)
    except (OSError, ssl.SSLError) as error:
        raise TlsRefused(
            f"the certificate authorities in {tls.ca_file} cannot be read: {error}",
            hint="check the path of the CA file",
        ) from error


class Watched(asyncio.Protocol):
    """Stands between the transport and asyncssh and notes what arrives."""

    def __init__(self, dialer: Dialer, connection: Any) -> None:
        self._dialer = dialer
        self._connection = connection
        self._early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A channel of a jump host is one, too, without being of that class.
        self._dialer.transport = cast(asyncio.Transport, transport)
        self._dialer.opened = True
        self._dialer.last_byte_at = time.monotonic()
        self._connection.connection_made(transport)
        early, self._early = self._early, []
        for data in early:
            self._connection.data_received(data)

    def data_received(self, data: bytes) -> None:
        dialer = self._dialer
        dialer.last_byte_at = time.monotonic()
        dialer.received += len(data)
        if len(dialer.first_bytes) < EVIDENCE_BYTES:
            dialer.first_bytes += data[: EVIDENCE_BYTES - len(dialer.first_bytes)]
        if dialer.opened:
            self._connection.data_received(data)
        else:
            # The server's first words can come with the last of the TLS handshake.
            self._early.append(data)

    def eof_received(self) -> bool | None:
        self._connection.eof_received()
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self._dialer.low_priority = False
        self._connection.connection_lost(exc)


class Dialer:
    """Opens one stream; given to asyncssh as its `tunnel`, so that no helper process is needed."""

    def __init__(self, endpoint: SshEndpoint, read_batching: ReadBatching | None = None) -> None:
        """Prepare.

        Args:
            endpoint: where to.
            read_batching: where the stream is read while nobody waits for it; None reads it always at once.
        """
        self._endpoint = endpoint
        self._read_batching = read_batching
        self._low_priority = False
        self._delivered = 0
        self._socket: asyncio.Transport | None = None
        self.transport: asyncio.Transport | None = None
        self.opened = False
        """TCP, and TLS where it is used, stood."""
        self.received = 0
        """Bytes that ever arrived, on the SSH level."""
        self.first_bytes = b""
        self.last_byte_at = time.monotonic()

    # Reading in rounds

    @property
    def low_priority(self) -> bool:
        """Whether the stream is read in the common rounds only, and not the moment something comes."""
        return self._low_priority

    @low_priority.setter
    def low_priority(self, low_priority: bool) -> None:
        if low_priority == self._low_priority or self._read_batching is None or self._socket is None:
            return
        self._low_priority = low_priority
        if low_priority:
            self._read_batching.join(self)
        else:
            self._read_batching.leave(self)

    def fileno(self) -> int:
        """Return the descriptor of the socket; negative if it is closed."""
        return int(self._socket.get_extra_info("socket").fileno()) if self._socket is not None else -1

    def open(self) -> None:
        """Read whatever comes."""
        if self._socket is not None:
            self._socket.resume_reading()

    def shut(self) -> None:
        """Stop reading."""
        if self._socket is not None:
            self._socket.pause_reading()

    def count(self, delivered: int) -> None:
        """Take note of bytes that a remote command said."""
        self._delivered += delivered

    @property
    def unsent(self) -> int:
        """Bytes that wait here because the network does not take them."""
        return self.transport.get_write_buffer_size() if self.transport is not None else 0

    def drained(self) -> bool:
        """Say whether little came since this was asked last: then little is left behind when reading stops."""
        came, self._delivered = self._delivered, 0
        return came < FLOOD_BYTES

    # Opening

    async def create_connection(
        self, session_factory: Callable[[], Any], _host: str, _port: int
    ) -> tuple[asyncio.Transport, Any]:
        """Open the stream and put asyncssh's connection on it; asyncssh calls this.

        Raises:
            HostUnreachable: name, address or port does not answer.
            TlsRefused: the handshake failed.
        """
        endpoint, tls = self._endpoint, self._endpoint.tls
        connection = session_factory()
        watched = Watched(self, connection)
        loop = asyncio.get_running_loop()
        try:
            if tls is None:
                self._socket, _ = await loop.create_connection(lambda: watched, endpoint.host, endpoint.port)
            else:
                context = tls_context(tls)
                self._socket, _ = await loop.create_connection(asyncio.Protocol, endpoint.host, endpoint.port)
                inside = await loop.start_tls(self._socket, watched, context, server_hostname=tls.server_name)
                if inside is None:
                    raise ConnectionResetError("the stream ended with the handshake")
                watched.connection_made(inside)
        except ssl.SSLCertVerificationError as error:
            raise CertificateRefused(
                f"the certificate of {endpoint} is refused: {error.verify_message}",
                hint="the name, the date or the authority is wrong; nothing was sent to it",
            ) from error
        except (ssl.SSLError, ConnectionResetError, ConnectionAbortedError) as error:
            if tls is None:
                raise self._unreachable(error) from error
            raise TlsRefused(
                f"the TLS handshake with {endpoint} failed: {_plain(error)}",
                hint="is a TLS proxy listening there, and does it know this name?",
            ) from error
        except OSError as error:
            raise self._unreachable(error) from error
        assert self.transport is not None
        return self.transport, connection

    def _unreachable(self, error: OSError) -> HostUnreachable:
        return HostUnreachable(
            f"{self._endpoint} cannot be reached: {_plain(error)}",
            hint="check the network, the name and the port; it is tried again by itself",
        )

    def timed_out(self, seconds: float) -> RemoteError:
        """Say how far an attempt came that was given up after `seconds`."""
        if not self.opened:
            stage = "no TCP connection" if self._endpoint.tls is None else "no TCP and TLS connection"
        elif not self.received:
            stage = "connected, but the SSH server said nothing"
        else:
            stage = "the SSH handshake did not end"
        return HostUnreachable(
            f"{self._endpoint} did not answer within {seconds:g} s: {stage}",
            hint=f"the {self._endpoint.kind} may be paused, overloaded or still booting",
        )

    def closed_early(self) -> ClosedWithoutBanner | None:
        """Return why a stream that ended showed no SSH server, or None if one had spoken."""
        if not self.opened or b"SSH-" in self.first_bytes:
            return None
        said = self.first_bytes.decode("utf-8", "backslashreplace").strip()
        what = f"after saying {said!r}" if said else "without a word"
        return ClosedWithoutBanner(
            f"{self._endpoint} took the connection and closed it {what}",
            hint=f"a paused, sleeping or deleted {self._endpoint.kind} looks so behind a proxy, as does an sshd with "
            "too many log-ins",
        )

    def abort(self) -> None:
        """Close the stream at once, whatever is still unsent."""
        for transport in (self.transport, self._socket):
            if transport is not None:
                transport.abort()


def _plain(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
