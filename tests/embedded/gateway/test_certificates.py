"""The fleet's certificates: made once, renewed in time, good for nothing else."""

from __future__ import annotations

import datetime
import stat
from pathlib import Path

import pytest
from cryptography import x509

from cockpit.embedded.gateway import certificates
from cockpit.embedded.gateway.certificates import (
    AUTHORITY_LIFETIME,
    RENEW_BEFORE,
    SERVER_LIFETIME,
    VM_DOMAIN,
    ensure_certificates,
)

NOW = datetime.datetime(2031, 5, 1, tzinfo=datetime.UTC)


def test_a_second_look_changes_nothing(tmp_path: Path) -> None:
    files, made = ensure_certificates(tmp_path / "tls", NOW)
    assert made
    contents = [path.read_bytes() for path in sorted(files.directory.iterdir())]
    _, made = ensure_certificates(tmp_path / "tls", NOW + SERVER_LIFETIME - RENEW_BEFORE)
    assert not made
    assert [path.read_bytes() for path in sorted(files.directory.iterdir())] == contents
    for path in (files.authority_key, files.server_key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_server_is_renewed_under_the_same_authority(tmp_path: Path) -> None:
    files, _ = ensure_certificates(tmp_path / "tls", NOW)
    authority = files.authority.read_bytes()
    later = NOW + SERVER_LIFETIME - RENEW_BEFORE + datetime.timedelta(days=1)
    _, made = ensure_certificates(tmp_path / "tls", later)
    assert made
    assert files.authority.read_bytes() == authority
    server = x509.load_pem_x509_certificate(files.server.read_bytes())
    assert server.not_valid_after_utc == later + SERVER_LIFETIME
    server.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))


def test_an_ending_authority_is_replaced_with_its_server(tmp_path: Path) -> None:
    files, _ = ensure_certificates(tmp_path / "tls", NOW)
    before = files.authority.read_bytes()
    ensure_certificates(tmp_path / "tls", NOW + AUTHORITY_LIFETIME)
    assert files.authority.read_bytes() != before
    server = x509.load_pem_x509_certificate(files.server.read_bytes())
    server.verify_directly_issued_by(x509.load_pem_x509_certificate(files.authority.read_bytes()))


def test_broken_files_are_made_again(tmp_path: Path) -> None:
    files, _ = ensure_certificates(tmp_path / "tls", NOW)
    for path in sorted(files.directory.iterdir()):
        path.write_bytes(path.read_bytes()[:40])
        _, made = ensure_certificates(tmp_path / "tls", NOW)
        assert made
        _, made = ensure_certificates(tmp_path / "tls", NOW)
        assert not made


def test_the_authority_can_only_vouch_for_vms(tmp_path: Path) -> None:
    files, _ = ensure_certificates(tmp_path / "tls", NOW)
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    names = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert names.critical
    assert names.value.permitted_subtrees == [x509.DNSName(VM_DOMAIN), x509.DNSName("vm.vers.sh")]


def test_an_authority_that_knows_one_name_alone_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as former:
        former.setattr(certificates, "DOMAINS", (VM_DOMAIN,))
        files, _ = ensure_certificates(tmp_path / "tls", NOW)
    before = files.authority.read_bytes()
    _, made = ensure_certificates(tmp_path / "tls", NOW)
    assert made and files.authority.read_bytes() != before
    _, made = ensure_certificates(tmp_path / "tls", NOW)
    assert not made
