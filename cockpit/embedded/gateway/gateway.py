"""The SSH gateway: one TLS port for all VMs, the server name chooses; a paused VM's bytes stand still."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import uuid
import weakref
from pathlib import Path

import asyncssh

from cockpit.embedded.gateway.certificates import DOMAINS, CertificateFiles, ensure_certificates
from cockpit.embedded.gateway.sessions import VmSessions
from cockpit.embedded.sandbox.sandbox import Sandbox
from cockpit.embedded.sandbox.sandboxes import Sandboxes

logger = logging.getLogger(__name__)

CHUNK = 262_144
"""Bytes carried at once, and the most that is read ahead per direction."""
PAUSED_DELAY = 10.0
"""Seconds before a connection to a paused VM is closed: the platform's own connect time limit."""
GREETING_TIMEOUT = 30.0
"""Seconds a client has to send its first bytes."""
HANDSHAKE_TIMEOUT = 10.0
MAX_CONNECTIONS = 1024
"""Connections at once; further ones are closed at once."""
RENEWAL_INTERVAL = 12 * 3600.0
"""Seconds between two looks at the certificate's age."""
CLOSE_TIMEOUT = 5.0
"""Seconds `close` waits for sessions to end."""

SSH_GREETING = b"SSH-"


def vm_of_server_name(name: str | None) -> str | None:
    """Return the VM id a TLS server name stands for, or None if it is no name of a VM."""
    if not name:
        return None
    label, _, domain = name.lower().rstrip(".").partition(".")
    if domain not in DOMAINS:
        return None
    try:
        return str(uuid.UUID(label)) if len(label) == 36 else None
    except ValueError:
        return None


class Gateway:
    """Accepts TLS connections on loopback and carries each to the SSH server of the VM it names."""

    def __init__(self, sandboxes: Sandboxes, certificates: Path, *, paused_delay: float = PAUSED_DELAY) -> None:
        """Prepare a gateway; nothing happens before `start`.

        Args:
            sandboxes: the VMs.
            certificates: the directory of the fleet's certificates.
            paused_delay: seconds before a connection to a paused VM is closed.
        """
        self._sandboxes = sandboxes
        self._directory = certificates
        self._paused_delay = paused_delay
        self._names: weakref.WeakKeyDictionary[ssl.SSLObject, str] = weakref.WeakKeyDictionary()
        self._connections: set[asyncio.Task[None]] = set()
        self._sessions: weakref.WeakSet[VmSessions] = weakref.WeakSet()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.sni_callback = self._choose
        self._listener: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._renewal: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port on loopback, 0 before `start`."""
        return int(self._listener.getsockname()[1]) if self._listener is not None else 0

    @property
    def authority(self) -> Path:
        """The certificate that clients must trust."""
        return CertificateFiles(self._directory).authority

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        return len(self._connections)

    async def start(self, listener: socket.socket) -> None:
        """Serve on a bound socket until `close`.

        Raises:
            OSError: the certificates cannot be written or the socket cannot listen.
        """
        files, _ = ensure_certificates(self._directory)
        self._context.load_cert_chain(files.server, files.server_key)
        self._listener = listener
        self._server = await asyncio.start_server(
            self._accept,
            sock=listener,
            ssl=self._context,
            ssl_handshake_timeout=HANDSHAKE_TIMEOUT,
            ssl_shutdown_timeout=2.0,
            limit=CHUNK,
        )
        self._renewal = asyncio.create_task(self._renew(), name="certificate renewal")

    async def close(self) -> None:
        """Stop serving; commands of open sessions are ended, what they detached stays."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.gather(*(sessions.finish(CLOSE_TIMEOUT) for sessions in list(self._sessions)))

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEWAL_INTERVAL)
            try:
                files, renewed = ensure_certificates(self._directory)
            except OSError as error:
                logger.error("the gateway's certificate cannot be renewed: %s", error)
                continue
            if renewed:
                self._context.load_cert_chain(files.server, files.server_key)

    def _choose(
        self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext
    ) -> int | None:
        """Note which VM the handshake names; a name that is none of ours ends the handshake."""
        vm_id = vm_of_server_name(name)
        if vm_id is None or not isinstance(connection, ssl.SSLObject):
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        self._names[connection] = vm_id
        return None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= MAX_CONNECTIONS:
            logger.warning("connection refused: %d are open already", len(self._connections))
            writer.transport.abort()
            return
        # asyncio does this by itself only where the listener names its protocol; without it each answer waits 40 ms.
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = asyncio.create_task(self._carry(reader, writer), name="gateway connection")
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; whatever goes wrong stays inside it."""
        # The callback is not called for a client that names no server, so the table has no entry for it.
        vm_id = self._names.get(writer.get_extra_info("ssl_object"))
        try:
            if vm_id is not None:
                await self._serve(vm_id, reader, writer)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            logger.debug("connection to VM %s ended: %r", vm_id, error)
        except Exception:
            logger.exception("the connection to VM %s failed", vm_id)
        finally:
            await _close(writer)

    async def _serve(self, vm_id: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(GREETING_TIMEOUT):
            greeting = await reader.readexactly(len(SSH_GREETING))
        sandbox = self._sandboxes.find(vm_id)
        if greeting != SSH_GREETING or sandbox is None or sandbox.ended.is_set():
            return
        if sandbox.paused:
            try:
                async with asyncio.timeout(self._paused_delay):
                    await sandbox.moving.wait()
            except TimeoutError:
                return
        sessions = VmSessions(sandbox)
        self._sessions.add(sessions)
        outer, inner = socket.socketpair()
        for end in (outer, inner):
            end.setblocking(False)
        inner_reader, inner_writer = await asyncio.open_connection(sock=outer, limit=CHUNK)
        server = asyncio.create_task(sessions.serve(inner), name=f"ssh server of VM {vm_id}")
        inner_writer.write(greeting)
        flows = [
            asyncio.create_task(_flow(reader, inner_writer, sandbox), name="to the VM"),
            asyncio.create_task(_flow(inner_reader, writer, sandbox), name="from the VM"),
            asyncio.create_task(_gone(sandbox), name="end of the VM"),
        ]
        try:
            await asyncio.wait(flows, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for flow in flows:
                flow.cancel()
            await asyncio.gather(*flows, return_exceptions=True)
            inner_writer.transport.abort()
            await sessions.finish(CLOSE_TIMEOUT)
            server.cancel()
            await asyncio.gather(server, return_exceptions=True)


async def _flow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sandbox: Sandbox) -> None:
    """Carry bytes one way, never while the sandbox stands still: the peers see silence, not an end."""
    while data := await reader.read(CHUNK):
        await sandbox.moving.wait()
        writer.write(data)
        await writer.drain()
    await sandbox.moving.wait()


async def _gone(sandbox: Sandbox) -> None:
    await sandbox.ended.wait()


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close a connection, abruptly if the peer does not take part."""
    writer.close()
    try:
        async with asyncio.timeout(2.0):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()


def quiet_ssh_log() -> None:
    """Keep the SSH library's running commentary out of the log; its warnings stay."""
    asyncssh.set_log_level(logging.WARNING)
