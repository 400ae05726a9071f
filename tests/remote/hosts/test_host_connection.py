"""A plain host is found, trusted and opened by OpenSSH's files; a key that they do not have is refused and told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.remote.errors import HostKeyChanged, HostUnreachable, RemoteError, SshKeyRefused
from cockpit.remote.hosts.connection import HostConnection
from cockpit.remote.hosts.host import PlainHost
from tests.remote.hosts.conftest import host_of, known_line
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.sshd import Sshd, free_port


def change(host: PlainHost, old: str, new: str, *others: PlainHost) -> None:
    """Put other words into a host's file of OpenSSH, and those of other hosts behind them."""
    files = [Path(one.config_file) for one in (host, *others)]
    text = files[0].read_text()
    assert old in text
    files[0].write_text(text.replace(old, new) + "".join(file.read_text() for file in files[1:]))


async def refusal_of(host: PlainHost, keys: MemoryHostKeys | None = None) -> RemoteError:
    connection = HostConnection(host, keys or MemoryHostKeys(), connect_timeout=10.0)
    try:
        with pytest.raises(RemoteError) as raised:
            await connection.connect()
    finally:
        await connection.close()
    return raised.value


async def said_by(host: PlainHost, keys: MemoryHostKeys | None = None) -> bytes:
    connection = HostConnection(host, keys or MemoryHostKeys())
    await connection.connect()
    try:
        return (await connection.run("echo here", timeout=10.0)).stdout
    finally:
        await connection.close()


async def test_an_alias_of_openssh_is_enough(host: PlainHost) -> None:
    assert await said_by(host) == b"here\n"


async def test_what_the_table_says_wins(host: PlainHost, sshd: Sshd, tmp_path: Path) -> None:
    change(host, f"Port {sshd.port}", f"Port {free_port()}")
    key, known = str(tmp_path / "openssh" / "id"), str(tmp_path / "openssh" / "known_hosts")
    told = replace(host, address="127.0.0.1", port=sshd.port, identity_file=key, known_hosts=known)
    assert await said_by(replace(told, user=sshd.endpoint().username)) == b"here\n"


async def test_through_a_jump_host(host: PlainHost, sshd: Sshd, tmp_path: Path) -> None:
    far = Sshd(tmp_path / "far", name="far")
    far.start()
    try:
        (far.directory / "authorized_keys").write_bytes((sshd.directory / "authorized_keys").read_bytes())
        beyond = replace(host_of(far, tmp_path / "farther", name="beyond"), jump="alpha-alias")
        change(beyond, str(tmp_path / "farther" / "id"), str(tmp_path / "openssh" / "id"), host)
        assert await said_by(beyond) == b"here\n"
        assert "127.0.0.1" in (sshd.directory / "sshd.log").read_text()
        sshd.stop()
        refused = await refusal_of(beyond)
        assert isinstance(refused, HostUnreachable), refused
    finally:
        far.stop()


async def test_a_key_that_nobody_knows_is_refused(sshd: Sshd, tmp_path: Path) -> None:
    unknown = host_of(sshd, tmp_path / "openssh", trusted=False)
    refused = await refusal_of(unknown)
    assert isinstance(refused, HostKeyChanged) and not refused.pinned
    assert f"[127.0.0.1]:{sshd.port}" in refused.message and "`ssh`" in refused.hint
    trusted_here = MemoryHostKeys()
    trusted_here.trust(refused.identity, refused.offered_key)
    assert await said_by(unknown, trusted_here) == b"here\n"


async def test_a_changed_key_is_refused_with_the_way_out(host: PlainHost, sshd: Sshd, tmp_path: Path) -> None:
    sshd.stop()
    sshd.change_host_key()
    sshd.start()
    refused = await refusal_of(host)
    assert isinstance(refused, HostKeyChanged) and len(refused.pinned) == 1
    assert refused.offered not in refused.pinned and refused.offered in refused.message
    assert f"ssh-keygen -R '[127.0.0.1]:{sshd.port}'" in refused.hint
    (tmp_path / "openssh" / "known_hosts").write_text(known_line(sshd))
    assert await said_by(host) == b"here\n"


async def test_no_host_is_trusted_because_openssh_would_not_look(sshd: Sshd, tmp_path: Path) -> None:
    unknown = host_of(sshd, tmp_path / "openssh", trusted=False)
    change(unknown, "  User ", "  StrictHostKeyChecking no\n  User ")
    assert isinstance(await refusal_of(unknown), HostKeyChanged)


async def test_keys_that_are_not_accepted_and_places_that_do_not_answer(host: PlainHost, sshd: Sshd) -> None:
    sshd.revoke_client_key()
    refused = await refusal_of(host)
    assert isinstance(refused, SshKeyRefused) and "host alpha" in refused.message and "`ssh " in refused.hint
    sshd.stop()
    assert isinstance(await refusal_of(host), HostUnreachable)


async def test_a_key_file_that_is_not_there_is_named(host: PlainHost) -> None:
    refused = await refusal_of(replace(host, identity_file="/nowhere/id"))
    assert isinstance(refused, HostUnreachable) and "/nowhere/id" in refused.message and "config.toml" in refused.hint
