"""The ways to a host that OpenSSH's files describe, against its own server, and what is told of one that is shut."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import asyncssh
import pytest

from cockpit.remote.errors import (
    ClosedWithoutBanner,
    HostKeyChanged,
    HostKeyRefused,
    HostUnreachable,
    RemoteError,
    SshKeyRefused,
)
from cockpit.remote.hosts.connection import HostConnection
from cockpit.remote.hosts.host import PlainHost
from cockpit.remote.hosts.resolving import parse_place
from tests.remote.hosts.conftest import known_line
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.sshd import Sshd, free_port
from tests.requirements import require_program

THROUGH = "bash -c 'exec 3<>/dev/tcp/%h/%p; cat <&3 & exec cat >&3'"
"""A command that is a way; OpenSSH puts host and port in."""


@dataclass
class Ways:
    """One server that takes a key and a certificate and shows both, and the files of a user of OpenSSH."""

    server: Sshd
    directory: Path
    authority: asyncssh.SSHKey
    certified: asyncssh.SSHKey
    """A key of the user that is no authorized one: its certificate alone opens."""

    @property
    def place(self) -> str:
        return f"HostName 127.0.0.1\n Port {self.server.port}\n User {self.server.endpoint().username}\n"

    @property
    def trusted(self) -> str:
        return known_line(self.server)

    @property
    def authority_line(self) -> str:
        return f"[127.0.0.1]:{self.server.port} {self.authority.export_public_key('openssh').decode()}"

    @property
    def key(self) -> Path:
        return self.directory / "id"

    def host(self, config: str, known: str) -> PlainHost:
        """Return the host with other words in its files."""
        (self.directory / "known_hosts").write_text(known)
        (self.directory / "config").write_text(config)
        known_file = str(self.directory / "known_hosts")
        return PlainHost(
            "alpha", "alias", agent=False, known_hosts=known_file, config_file=str(self.directory / "config")
        )

    def plain(self, known: str = "", more: str = "") -> PlainHost:
        """Return the host as its key opens it."""
        return self.host(f"Host alias\n {self.place} IdentityFile {self.key}\n {more}\n", known or self.trusted)


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    directory = tmp_path_factory.mktemp("ways")
    authority = asyncssh.generate_private_key("ssh-ed25519")
    certified = asyncssh.generate_private_key("ssh-ed25519")
    (directory / "authority.pub").write_bytes(authority.export_public_key("openssh"))
    options = (f"TrustedUserCAKeys {directory}/authority.pub", f"HostCertificate {directory}/host-cert.pub")
    server = Sshd(directory / "sshd", *options, name="alpha")
    shown = asyncssh.read_private_key(server.directory / "host_key")
    (directory / "host-cert.pub").write_bytes(
        authority.generate_host_certificate(shown, "alpha", principals=["127.0.0.1"]).export_certificate()
    )
    for name, text in (("id", server.private_key), ("certified", certified.export_private_key("openssh").decode())):
        (directory / name).touch(mode=0o600)
        (directory / name).write_text(text)
    user = authority.generate_user_certificate(certified, "me", principals=[server.endpoint().username])
    (directory / "certified-cert.pub").write_bytes(user.export_certificate())
    server.start()
    yield Ways(server, directory, authority, certified)
    server.stop()


@pytest.fixture
def agent(ways: Ways, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A running ssh-agent that holds the key."""
    socket = f"/tmp/cka-{os.getpid()}"
    process = subprocess.Popen([str(require_program("ssh-agent")), "-D", "-a", socket], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", socket)
        done = None
        while done is None or done.returncode == 2:  # there is no agent yet
            done = subprocess.run(["ssh-add", "-q", str(ways.key)], capture_output=True, timeout=30, check=False)
            assert process.poll() is None
        assert done.returncode == 0, done.stderr
        yield
    finally:
        process.terminate()
        process.wait(10)


def included(ways: Ways) -> PlainHost:
    (ways.directory / "more").write_text(f"Host alias\n {ways.place} IdentityFile {ways.key}\n")
    return ways.host(f"Include {ways.directory}/mor*\nHost *\n Port {free_port()}\n", ways.trusted)


def matched(ways: Ways) -> PlainHost:
    config = f'Match originalhost alias exec "false"\n Port {free_port()}\nMatch originalhost alias exec "true"\n'
    return ways.host(f"{config} {ways.place} IdentityFile {ways.key}\n", ways.trusted)


def certificate_of_user(ways: Ways) -> PlainHost:
    return ways.host(f"Host alias\n {ways.place} IdentityFile {ways.directory}/certified\n", ways.trusted)


def certificate_file(ways: Ways) -> PlainHost:
    (ways.directory / "elsewhere").touch(mode=0o600)
    (ways.directory / "elsewhere").write_bytes((ways.directory / "certified").read_bytes())
    files = f"IdentityFile {ways.directory}/elsewhere\n CertificateFile {ways.directory}/certified-cert.pub\n"
    return ways.host(f"Host alias\n {ways.place} {files}", ways.trusted)


def encrypted_and_in_the_agent(ways: Ways) -> PlainHost:
    locked = ways.directory / "locked"
    locked.touch(mode=0o600)
    locked.write_text(ways.server.private_key)
    subprocess.run(["ssh-keygen", "-q", "-p", "-N", "unsaid", "-f", locked], capture_output=True, check=True)
    return replace(ways.host(f"Host alias\n {ways.place}", ways.trusted), agent=True, identity_file=str(locked))


def everybody_jumps(ways: Ways) -> PlainHost:
    """Every host through one, which is one of them."""
    config = f"Host alias hop\n {ways.place} IdentityFile {ways.key}\nHost *\n ProxyJump hop\n"
    return ways.host(config, ways.trusted)


def from_usual_files(ways: Ways) -> PlainHost:
    """`UserKnownHostsFile` of the files, one of them missing, hashed, with a line that is none."""
    host = ways.plain(more=f"UserKnownHostsFile {ways.directory}/nowhere {ways.directory}/hashed")
    (ways.directory / "hashed").write_text(f"no line\n{ways.trusted}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", ways.directory / "hashed"], capture_output=True, check=False)
    return replace(host, known_hosts="")


OPEN: dict[str, Callable[[Ways], PlainHost]] = {
    "a host certificate": lambda ways: ways.plain(f"@cert-authority {ways.authority_line}"),
    "a user certificate": certificate_of_user,
    "a certificate file": certificate_file,
    "an include": included,
    "a match": matched,
    "a proxy command": lambda ways: ways.plain(more=f"ProxyCommand {THROUGH}"),
    "a proxy jump": everybody_jumps,
    "two jumps of the table": lambda ways: replace(everybody_jumps(ways), jump="hop,alias"),
    "usual files": from_usual_files,
    "an alias of the key": lambda ways: ways.plain(
        ways.trusted.replace("[127.0.0.1]", "[keyed]"), "HostKeyAlias keyed"
    ),
}


async def outcome(host: PlainHost, keys: MemoryHostKeys | None = None) -> RemoteError | bytes:
    connection = HostConnection(host, keys or MemoryHostKeys(), connect_timeout=30.0)
    try:
        await connection.connect()
        return (await connection.run("echo here", timeout=30.0)).stdout
    except RemoteError as error:
        return error
    finally:
        await connection.close()


@pytest.mark.parametrize("way", OPEN.values(), ids=OPEN)
async def test_a_way_that_openssh_knows_leads_there(ways: Ways, way: Callable[[Ways], PlainHost]) -> None:
    assert await outcome(way(ways)) == b"here\n"


@pytest.mark.usefixtures("agent")
async def test_keys_of_the_agent_are_tried(ways: Ways) -> None:
    bare = replace(ways.host(f"Host alias\n {ways.place}", ways.trusted), agent=True)
    assert await outcome(bare) == b"here\n"
    assert await outcome(encrypted_and_in_the_agent(ways)) == b"here\n"
    assert isinstance(await outcome(replace(bare, agent=False)), SshKeyRefused)


def revoked_at_no_port(ways: Ways) -> PlainHost:
    without = ways.trusted.replace(f"[127.0.0.1]:{ways.server.port}", "127.0.0.1")
    return ways.plain(f"{ways.trusted}\n@revoked {without}")


def around(ways: Ways) -> PlainHost:
    config = f"Host alias\n {ways.place} ProxyJump one\nHost one\n ProxyJump two\nHost two\n ProxyJump one\n"
    return ways.host(config, ways.trusted)


def jump_without_a_key(ways: Ways) -> PlainHost:
    config = f"Host hop\n {ways.place}IdentityFile {ways.directory}/elsewhere-none\n"
    return ways.host(f"{config}Host alias\n {ways.place} ProxyJump hop\n IdentityFile {ways.key}\n", ways.trusted)


def unknown_jump(ways: Ways) -> PlainHost:
    config = f"Host alias\n HostKeyAlias keyed\n {ways.place} ProxyJump hop\nHost hop\n {ways.place}"
    return ways.host(f"{config}Host *\n IdentityFile {ways.key}\n", ways.trusted.replace("[127.0.0.1]", "[keyed]"))


def dead_jump(ways: Ways) -> PlainHost:
    return ways.plain(more=f"ProxyJump me@127.0.0.1:{free_port()}")


SHUT: dict[str, tuple[Callable[[Ways], PlainHost], type[RemoteError], str, str]] = {
    "a revoked key": (
        lambda ways: ways.plain(f"{ways.trusted}\n@revoked {ways.trusted}"),
        HostKeyRefused,
        "@revoked",
        "leave that line",
    ),
    "one revoked at no port": (revoked_at_no_port, HostKeyRefused, "@revoked", "leave that line"),
    "a revoked authority": (
        lambda ways: ways.plain(f"@cert-authority {ways.authority_line}\n@revoked {ways.authority_line}"),
        HostKeyRefused,
        "certificate of an authority",
        "leave that line",
    ),
    "an authority that nobody knows": (
        lambda ways: ways.plain("# nothing\n"),
        HostKeyRefused,
        "certificate of authority SHA256:",
        "@cert-authority",
    ),
    "a certificate for another name": (
        lambda ways: ways.plain(
            f"@cert-authority {ways.authority_line.replace('[127.0.0.1]', '[keyed]')}", "HostKeyAlias keyed"
        ),
        HostKeyRefused,
        "principal",
        "another name",
    ),
    "a file that trusts nobody": (
        lambda ways: replace(ways.plain(more="UserKnownHostsFile none"), known_hosts=""),
        HostKeyRefused,
        "does not trust",
        "@cert-authority",
    ),
    "a command that fails": (
        lambda ways: ways.plain(more="ProxyCommand sh -c 'echo no road to %h >&2; exit 3'"),
        ClosedWithoutBanner,
        "and said: no road to 127.0.0.1",
        "ProxyCommand",
    ),
    "a command that is not there": (
        lambda ways: ways.plain(more="ProxyCommand /nowhere/way %h"),
        ClosedWithoutBanner,
        "/nowhere/way",
        "by hand",
    ),
    "a way around": (around, HostUnreachable, "in a circle", "ProxyJump"),
    "a jump that nobody knows": (unknown_jump, HostUnreachable, "jump host hop shows", ""),
    "a jump that is not there": (dead_jump, HostUnreachable, "jump host me@127.0.0.1:", "jump host first"),
    "a jump that takes no key": (jump_without_a_key, HostUnreachable, "elsewhere-none", "config"),
    "a word that is none": (
        lambda ways: ways.plain(more="ConnectTimeout soon"),
        HostUnreachable,
        "line 6: Invalid ConnectTimeout",
        "config",
    ),
}


@pytest.mark.parametrize("shut", SHUT.values(), ids=SHUT)
async def test_a_way_that_is_shut_is_told_with_what_came_back_and_what_to_do(
    ways: Ways, shut: tuple[Callable[[Ways], PlainHost], type[RemoteError], str, str]
) -> None:
    way, kind, said, hint = shut
    told = await outcome(way(ways))
    assert isinstance(told, kind), told
    assert "alpha" in told.message and said in told.message and hint in told.hint, told


async def test_a_key_that_is_trusted_by_order_is_refused_once_it_is_revoked(ways: Ways) -> None:
    keys, unknown = MemoryHostKeys(), ways.plain("# nothing\n", "HostKeyAlgorithms ssh-ed25519")
    told = await outcome(unknown, keys)
    assert isinstance(told, HostKeyChanged)
    keys.trust(told.identity, told.offered_key)
    assert await outcome(unknown, keys) == b"here\n"
    refused = await outcome(ways.plain(f"@revoked {ways.trusted}", "HostKeyAlgorithms ssh-ed25519"), keys)
    assert isinstance(refused, HostKeyRefused) and "@revoked" in refused.message


@pytest.mark.parametrize(
    ("word", "place"),
    [
        ("hop", ("", "hop", 0)),
        (" me@hop:22 ", ("me", "hop", 22)),
        ("ssh://me@hop:2200", ("me", "hop", 2200)),
        ("me@[::1]:22", ("me", "::1", 22)),
        ("[::1]", ("", "::1", 0)),
        ("fe80::1", ("", "fe80::1", 0)),
        ("a@b@hop", ("a@b", "hop", 0)),
    ],
)
def test_places_on_the_way_are_read(word: str, place: tuple[str, str, int]) -> None:
    assert parse_place(word) == place


@pytest.mark.parametrize("word", ["", "@", "hop:", "hop:none", "hop:65536", "[::1]22", "hop:²"])
def test_words_that_are_no_place_are_refused(word: str) -> None:
    with pytest.raises(HostUnreachable, match="jump host"):
        parse_place(word)
