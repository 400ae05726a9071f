"""The fleet's own certificate authority, and the gateway's certificate: made here, renewed in time."""

from __future__ import annotations

import datetime
import logging
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cockpit.paths import private_directory, write_private

logger = logging.getLogger(__name__)

VM_DOMAIN = "vm.cockpit.internal"
"""VMs are `<vm_id>.` below this name; `.internal` is reserved for private use and never resolves publicly."""

PLATFORM_DOMAIN = "vm.vers.sh"
"""What VMs of the platform are below: programs that know no other name reach ours by it as well."""
DOMAINS = (VM_DOMAIN, PLATFORM_DOMAIN)

AUTHORITY_LIFETIME = datetime.timedelta(days=3650)
SERVER_LIFETIME = datetime.timedelta(days=90)
RENEW_BEFORE = datetime.timedelta(days=30)
BACKDATE = datetime.timedelta(hours=1)
"""A clock that was set back must not make a fresh certificate invalid."""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where the certificates of a fleet are."""

    directory: Path

    @property
    def authority(self) -> Path:
        """The authority's certificate: what clients trust."""
        return self.directory / "ca.pem"

    @property
    def authority_key(self) -> Path:
        """The authority's key, private to this user."""
        return self.directory / "ca.key"

    @property
    def server(self) -> Path:
        """The gateway's certificate."""
        return self.directory / "server.pem"

    @property
    def server_key(self) -> Path:
        """The gateway's key, private to this user."""
        return self.directory / "server.key"


def ensure_certificates(directory: Path, now: datetime.datetime | None = None) -> tuple[CertificateFiles, bool]:
    """Make what is missing, broken or expires within `RENEW_BEFORE`.

    Args:
        directory: where the files are kept, private to this user.
        now: the time, for tests.

    Returns:
        The files, and whether the gateway's certificate is a new one.
    """
    files = CertificateFiles(private_directory(directory))
    moment = now or datetime.datetime.now(datetime.UTC)
    authority = _load(files.authority, files.authority_key, moment)
    if authority is not None and not _vouches_for_all(authority[0]):
        authority = None
    server = _load(files.server, files.server_key, moment)
    if authority is not None and server is not None and server[0].issuer == authority[0].subject:
        return files, False
    if authority is None:
        authority = _make_authority(moment)
        _store(files.authority, files.authority_key, *authority)
    server = _make_server(*authority, moment)
    _store(files.server, files.server_key, *server)
    logger.info("the gateway's certificate is new, valid until %s", server[0].not_valid_after_utc.date())
    return files, True


Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _load(certificate_file: Path, key_file: Path, now: datetime.datetime) -> Pair | None:
    """Return a stored pair if it is whole and lives long enough."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    except (OSError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
        return None
    if certificate.not_valid_before_utc > now or certificate.not_valid_after_utc < now + RENEW_BEFORE:
        return None
    return certificate, key


def _vouches_for_all(authority: x509.Certificate) -> bool:
    """Say whether an authority may vouch for every name that VMs have now; one of an earlier version knew only one."""
    try:
        constraints = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return False
    permitted = {name.value for name in constraints.permitted_subtrees or ()}
    return permitted == set(DOMAINS)


def _store(
    certificate_file: Path, key_file: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> None:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(key_file, private.decode("ascii"))
    write_private(certificate_file, certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"))


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime.datetime,
    lifetime: datetime.timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _make_authority(now: datetime.datetime) -> Pair:
    """Make an authority that can vouch for VMs of this fleet and for nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    serial = format(x509.random_serial_number(), "x")[:12]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Swarm Cockpit embedded fleet {serial}")])
    certificate = (
        _builder(name, name, key.public_key(), now, AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints([x509.DNSName(domain) for domain in DOMAINS], None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def _make_server(
    authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey, now: datetime.datetime
) -> Pair:
    """Make the gateway's certificate for all VM names."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"*.{VM_DOMAIN}")])
    certificate = (
        _builder(name, authority.subject, key.public_key(), now, SERVER_LIFETIME)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"*.{domain}") for domain in DOMAINS]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    return certificate, key
