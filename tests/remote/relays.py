"""Relays that cut, freeze, delay and re-chunk, and a certificate authority for one that ends TLS."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from pathlib import Path
from types import TracebackType

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Relay:
    """A TCP relay in this event loop. Faults act on all its connections."""

    def __init__(self, target_port: int, *, tls: ssl.SSLContext | None = None) -> None:
        self._target_port = target_port
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self.port = 0
        self.accepted = 0
        self.downstream = 0
        """Bytes that went to clients."""
        self.cut_after: int | None = None
        """Bytes downstream after which all connections are cut."""
        self.cuts_at: list[int] = []
        """Bytes in both directions after each of which all connections are cut."""
        self.carried = 0
        """Bytes that went through, whatever their direction."""
        self.chunk = 65536
        self.delay = 0.0
        self.drop_upstream = False
        """Bytes of the client vanish."""
        self.drop_downstream = False
        self.refuse = False
        """Accept and close at once, like a proxy in front of a paused VM."""

    async def __aenter__(self) -> Relay:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self._flows.set()
        self.cut()
        if self._serving:
            await asyncio.wait(self._serving, timeout=5)
        await self._server.wait_closed()

    def freeze(self) -> None:
        """Let no byte pass in any direction; connections stay open."""
        self._flows.clear()

    def thaw(self) -> None:
        """Let bytes pass again."""
        self._flows.set()

    def cut(self) -> None:
        """Reset every connection on both sides."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        if self.refuse:
            writer.transport.abort() if self._tls is None else writer.close()
            return
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, upstream_writer}
        try:
            await asyncio.gather(
                self._pump(reader, upstream_writer, down=False),
                self._pump(upstream_reader, writer, down=True),
            )
        finally:
            for end in (writer, upstream_writer):
                self._writers.discard(end)
                end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, down: bool) -> None:
        try:
            while data := await reader.read(65536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._flows.wait()
                if self.drop_downstream if down else self.drop_upstream:
                    continue
                if down:
                    await self._pump_down(data, writer)
                else:
                    writer.write(data)
                    await writer.drain()
                self.carried += len(data)
                if self.cuts_at and self.carried >= self.cuts_at[0]:
                    del self.cuts_at[0]
                    self.cut()
        except OSError:
            pass
        finally:
            writer.transport.abort() if not self._flows.is_set() else writer.close()

    async def _pump_down(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        if self.cut_after is not None and self.downstream + len(data) >= self.cut_after:
            writer.write(data[: self.cut_after - self.downstream])
            await writer.drain()
            self.downstream = self.cut_after
            self.cut_after = None
            self.cut()
            raise ConnectionResetError
        self.downstream += len(data)
        for start in range(0, len(data), self.chunk):
            writer.write(data[start : start + self.chunk])
            if self.chunk < 65536:
                await asyncio.sleep(0)
        await writer.drain()


class TestAuthority:
    """A certificate authority for one test."""

    __test__ = False

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Authority")])
        self._certificate = (
            self._builder(name, name, self._key.public_key(), days=30)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca_file = str(directory / "ca.pem")
        Path(self.ca_file).write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    @staticmethod
    def _builder(
        subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, days: int
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=60))
            .not_valid_after(now + datetime.timedelta(days=days))
        )

    def server_context(self, name: str, *, days: int = 30) -> ssl.SSLContext:
        """Return a server's context with a certificate for `name`; negative days: expired so long ago."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            self._builder(subject, self._certificate.subject, key.public_key(), days=days)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        path = self._directory / f"{name}.{days}.pem"
        path.touch(mode=0o600)
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context
