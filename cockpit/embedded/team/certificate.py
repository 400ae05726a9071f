"""What a team's server shows to its clients: a certificate that was given, or one of its own."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cockpit.embedded.api.server import TlsFiles
from cockpit.errors import ConfigError
from cockpit.paths import private_directory, write_private
from cockpit.text.clean import ours
from cockpit.text.streams import warn

LIFETIME = datetime.timedelta(days=825)
RENEW_BEFORE = datetime.timedelta(days=30)
BACKDATE = datetime.timedelta(hours=1)
"""A clock that was set back must not make a fresh certificate invalid."""


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """The files of a certificate that works, and how its clients recognise it."""

    files: TlsFiles
    fingerprint: str
    """SHA-256 of the certificate, as `openssl x509 -fingerprint` and browsers write it."""


def given_certificate(certificate: Path, key: Path) -> ShownCertificate:
    """Check a certificate and its key.

    Raises:
        ConfigError: one of them cannot be read, or they do not belong together.
    """
    try:
        # An encrypted key would ask at the terminal; a server has none.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key, password="")
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"the certificate {certificate} with the key {key} cannot be used: {error}",
            hint="both are PEM, the key is its own and not encrypted",
        ) from error
    if found.not_valid_after_utc < datetime.datetime.now(datetime.UTC):
        raise ConfigError(f"the certificate {certificate} expired on {found.not_valid_after_utc.date()}")
    return ShownCertificate(TlsFiles(certificate, key), _fingerprint(found))


def own_certificate(directory: Path, host: str) -> ShownCertificate:
    """Return this server's own certificate, made on first use, when it expires soon or lacks the address.

    Args:
        directory: where it is kept, private to this user.
        host: the address that the server listens on.
    """
    private_directory(directory)
    files = TlsFiles(directory / "certificate.pem", directory / "key.pem")
    names = _names(host)
    known = _known(files)
    if known is not None and _serves(known, host):
        return ShownCertificate(files, _fingerprint(known))
    if known is not None:
        warn(ours("the certificate of before is replaced: clients that know its fingerprint must learn the new one"))
    made = _make(files, names)
    return ShownCertificate(files, _fingerprint(made))


def _names(host: str) -> list[x509.GeneralName]:
    """Return the names of this machine, and its addresses."""
    texts = dict.fromkeys(("localhost", socket.gethostname(), socket.getfqdn()))
    addresses = dict.fromkeys(("127.0.0.1", "::1", host))
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    except OSError:
        found = []
    addresses |= dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    wanted = [address for text in addresses if not (address := ipaddress.ip_address(text)).is_unspecified]
    names: list[x509.GeneralName] = [x509.DNSName(text) for text in texts if text.isascii() and text]
    return names + [x509.IPAddress(address) for address in wanted]


def _known(files: TlsFiles) -> x509.Certificate | None:
    try:
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(files.certificate, files.key, password="")
    except (OSError, ValueError):
        return None
    return certificate


def _serves(certificate: x509.Certificate, host: str) -> bool:
    """Say whether a certificate lives long enough and names an address."""
    if certificate.not_valid_after_utc < datetime.datetime.now(datetime.UTC) + RENEW_BEFORE:
        return False
    address = ipaddress.ip_address(host)
    named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return address.is_unspecified or address in named.get_values_for_type(x509.IPAddress)


def _make(files: TlsFiles, names: list[x509.GeneralName]) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Swarm Cockpit services")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(files.key, private.decode("ascii"))
    write_private(files.certificate, certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"))
    return certificate


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()
