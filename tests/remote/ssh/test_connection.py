"""Connecting, being refused, running commands, and knowing when the link is gone."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import asyncssh
import pytest

from cockpit.remote.errors import (
    ChannelRefused,
    ClosedWithoutBanner,
    CommandFailed,
    CommandTimedOut,
    Dropped,
    HostKeyChanged,
    HostUnreachable,
    SshKeyRefused,
    TlsRefused,
)
from cockpit.remote.ssh.connect_limit import ConnectLimit
from cockpit.remote.ssh.connection import Connection
from cockpit.remote.ssh.endpoint import SshEndpoint, Tls
from tests.remote.conftest import Connect
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.relays import Relay, TestAuthority
from tests.remote.sshd import Sshd, free_port
from tests.remote.waiting import until


class Unheard:
    """A listener that does not care."""

    def data_received(self, data: bytes, *, stderr: bool) -> None:
        pass

    def closed(self) -> None:
        pass


async def test_runs_a_script_with_arguments_and_input(connect: Connect) -> None:
    connection = await connect()
    done = await connection.run(
        'cat; printf "[%s] [%s]\\n" "$1" "$2"; echo oops >&2; exit 3',
        "a'b\\c",
        "$HOME `x`",
        stdin=b"in\n",
        timeout=10,
    )
    assert (done.exit_status, done.stdout, done.stderr) == (3, b"in\n[a'b\\c] [$HOME `x`]\n", b"oops\n")


async def test_a_command_that_a_signal_ended_has_not_succeeded(connect: Connect) -> None:
    connection = await connect()
    done = await connection.run("kill -KILL $$", timeout=10)
    assert done.exit_status is None and done.exit_code > 0


async def test_what_a_script_says_is_heard_before_it_ends(connect: Connect, tmp_path: Path) -> None:
    connection = await connect()
    gate, said = tmp_path / "gate", bytearray()
    os.mkfifo(gate)
    script = 'echo begun; read -r word <"$1"; echo "$word"'
    running = asyncio.create_task(connection.run(script, str(gate), timeout=20, heard=said.extend))
    await until(lambda: bytes(said) == b"begun\n")
    await asyncio.to_thread(gate.write_bytes, b"through\n")
    assert (await running).stdout == bytes(said) == b"begun\nthrough\n"


async def test_runs_a_script_longer_than_one_argument(connect: Connect) -> None:
    connection = await connect()
    script = "".join(f": line {number} of a long script\n" for number in range(6000)) + 'cat; echo "$1"; exit 4'
    done = await connection.run(script, "word", stdin=b"given\n", timeout=20)
    assert (done.exit_status, done.stdout) == (4, b"given\nword\n")


async def test_output_is_bounded(connect: Connect) -> None:
    connection = await connect()
    done = await connection.run("head -c 3000000 /dev/zero", timeout=20, limit=1000)
    assert done.stdout == bytes(1000) and done.truncated and done.exit_status == 0


async def test_a_command_over_its_time_is_ended_on_the_vm(connect: Connect, sshd: Sshd) -> None:
    connection = await connect()
    with pytest.raises(CommandTimedOut, match=r"did not end within 0\.5 s"):
        await connection.run("trap '' TERM; sleep 987.5; sleep 987.5", timeout=0.5)
    await until(lambda: not sshd.readers("987.5"))
    assert (await connection.run("echo still", timeout=10)).stdout == b"still\n"


async def test_a_cancelled_command_frees_its_channel(connect: Connect) -> None:
    connection = await connect(channel_budget=1)
    task = asyncio.create_task(connection.run("sleep 1.5; echo late", timeout=60))
    await until(lambda: connection._budget.locked())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await connection.run("echo next", timeout=10)).stdout == b"next\n"


async def test_files(connect: Connect, tmp_path: Path) -> None:
    connection = await connect()
    path = tmp_path / "it's a file"
    await connection.write_file(str(path), bytes(range(256)) * 4000, 0o640)
    assert path.read_bytes() == bytes(range(256)) * 4000
    assert path.stat().st_mode & 0o777 == 0o640
    assert await connection.read_file(str(path), 250, 10) == bytes([250, 251, 252, 253, 254, 255, 0, 1, 2, 3])
    assert (await connection.run('ls "$1" | grep file', str(tmp_path), timeout=10)).stdout == b"it's a file\n"


async def test_noise_of_the_server_and_of_rc_files_is_not_output(tmp_path: Path, isolated_home: Path) -> None:
    banner, noisy = tmp_path / "banner", tmp_path / "noisy.sh"
    banner.write_text("WELCOME\n" * 50)
    noisy.write_text('#!/bin/sh\necho NOISE; echo NOISE >&2; printf unfinished\neval "$SSH_ORIGINAL_COMMAND"\n')
    noisy.chmod(0o755)
    server = Sshd(tmp_path / "sshd", f"Banner {banner}", f"ForceCommand {noisy}")
    server.start()
    connection = Connection(server.endpoint(), server.private_key, MemoryHostKeys())
    try:
        await connection.connect()
        done = await connection.run("echo clean; echo err >&2", timeout=10)
        assert (done.stdout, done.stderr) == (b"clean\n", b"err\n")
    finally:
        await connection.close()
        server.stop()


async def test_a_login_shell_that_runs_nothing_is_named(tmp_path: Path) -> None:
    server = Sshd(tmp_path / "sshd", "ForceCommand echo This account is not available; exit 1")
    server.start()
    connection = Connection(server.endpoint(), server.private_key, MemoryHostKeys())
    try:
        await connection.connect()
        with pytest.raises(CommandFailed, match="This account is not available"):
            await connection.run("echo", timeout=10)
    finally:
        await connection.close()
        server.stop()


async def test_the_first_host_key_is_pinned_and_a_changed_one_refused(sshd: Sshd) -> None:
    keys = MemoryHostKeys()
    first = Connection(sshd.endpoint(), sshd.private_key, keys)
    await first.connect()
    await first.close()
    assert len(keys.known("vm-1")) == 1 and keys.known("vm-1")[0].startswith("ssh-ed25519 ")
    sshd.stop()
    sshd.change_host_key()
    sshd.start()
    second = Connection(sshd.endpoint(), sshd.private_key, keys)
    with pytest.raises(HostKeyChanged, match="vm-1 shows host key SHA256:") as caught:
        await second.connect()
    assert caught.value.offered not in caught.value.pinned
    assert len(keys.known("vm-1")) == 1
    other = Connection(sshd.endpoint(identity="vm-2"), sshd.private_key, keys)
    await other.connect()
    await other.close()


async def test_a_host_key_is_not_pinned_before_log_in(sshd: Sshd) -> None:
    keys = MemoryHostKeys()
    stranger = asyncssh.generate_private_key("ssh-ed25519").export_private_key("openssh").decode()
    with pytest.raises(SshKeyRefused, match="does not accept our key"):
        await Connection(sshd.endpoint(), stranger, keys).connect()
    assert keys.known("vm-1") == ()


async def test_an_unreadable_private_key_is_named(sshd: Sshd) -> None:
    with pytest.raises(SshKeyRefused, match="cannot be read"):
        await Connection(sshd.endpoint(), "no key", MemoryHostKeys()).connect()


async def test_nobody_there() -> None:
    key = asyncssh.generate_private_key("ssh-ed25519").export_private_key("openssh").decode()
    with pytest.raises(HostUnreachable, match=r"VM vm-9 at 127\.0\.0\.1:\d+ cannot be reached"):
        await Connection(SshEndpoint("127.0.0.1", free_port(), "root", "vm-9"), key, MemoryHostKeys()).connect()
    with pytest.raises(HostUnreachable, match=r"name\.invalid"):
        await Connection(SshEndpoint("name.invalid", 22, "root", "vm-9"), key, MemoryHostKeys()).connect()


async def test_a_proxy_that_closes_without_a_word(sshd: Sshd) -> None:
    async with Relay(sshd.port) as relay:
        relay.refuse = True
        with pytest.raises(ClosedWithoutBanner, match="without a word"):
            await Connection(sshd.endpoint(port=relay.port), sshd.private_key, MemoryHostKeys()).connect()


@pytest.mark.races_the_clock("an attempt must end within a second")
async def test_a_server_that_says_nothing_is_given_up_in_time(sshd: Sshd) -> None:
    async with Relay(sshd.port) as relay:
        relay.freeze()
        connection = Connection(sshd.endpoint(port=relay.port), sshd.private_key, MemoryHostKeys(), connect_timeout=0.4)
        started = time.monotonic()
        with pytest.raises(HostUnreachable, match=r"within 0\.4 s: connected, but the SSH server said nothing"):
            await connection.connect()
        assert time.monotonic() - started < 1.0


async def test_ssh_inside_tls(sshd: Sshd, tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path / "ca")
    async with Relay(sshd.port, tls=authority.server_context("vm-1.test")) as relay:
        tls = Tls("vm-1.test", authority.ca_file)
        connection = Connection(sshd.endpoint(port=relay.port, tls=tls), sshd.private_key, MemoryHostKeys())
        await connection.connect()
        assert (await connection.run("echo through tls", timeout=10)).stdout == b"through tls\n"
        await connection.close()

        wrong_name = sshd.endpoint(port=relay.port, tls=Tls("vm-2.test", authority.ca_file))
        with pytest.raises(TlsRefused, match=r"vm-2\.test"):
            await Connection(wrong_name, sshd.private_key, MemoryHostKeys()).connect()
        unknown_authority = sshd.endpoint(port=relay.port, tls=Tls("vm-1.test"))
        with pytest.raises(TlsRefused, match="certificate"):
            await Connection(unknown_authority, sshd.private_key, MemoryHostKeys()).connect()
        no_file = sshd.endpoint(port=relay.port, tls=Tls("vm-1.test", str(tmp_path / "none.pem")))
        with pytest.raises(TlsRefused, match=r"none\.pem"):
            await Connection(no_file, sshd.private_key, MemoryHostKeys()).connect()


async def test_an_expired_certificate_is_refused(sshd: Sshd, tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path / "ca")
    async with Relay(sshd.port, tls=authority.server_context("vm-1.test", days=-1)) as relay:
        endpoint = sshd.endpoint(port=relay.port, tls=Tls("vm-1.test", authority.ca_file))
        with pytest.raises(TlsRefused, match="expired"):
            await Connection(endpoint, sshd.private_key, MemoryHostKeys()).connect()


async def test_no_tls_where_tls_is_expected(sshd: Sshd) -> None:
    endpoint = sshd.endpoint(tls=Tls("vm-1.test"))
    with pytest.raises(TlsRefused, match="TLS handshake"):
        await Connection(endpoint, sshd.private_key, MemoryHostKeys()).connect()


async def test_max_sessions_refuses_a_channel_and_the_connection_lives(tmp_path: Path) -> None:
    server = Sshd(tmp_path / "sshd", "MaxSessions 1")
    server.start()
    connection = Connection(server.endpoint(), server.private_key, MemoryHostKeys())
    try:
        await connection.connect()
        first = await connection.open_process("exec cat", Unheard())
        with pytest.raises(ChannelRefused, match="opens no further channel"):
            await connection.run("echo", timeout=5)
        assert connection.connected and not first.ended
        await first.close()
        assert (await connection.run("echo free again", timeout=5)).stdout == b"free again\n"
    finally:
        await connection.close()
        server.stop()


async def test_the_channel_budget_makes_wait(connect: Connect) -> None:
    connection = await connect(channel_budget=2)
    results = await asyncio.gather(*(connection.run(f"echo {n}", timeout=20) for n in range(10)))
    assert [result.stdout for result in results] == [f"{n}\n".encode() for n in range(10)]


@pytest.mark.races_the_clock("the end of a session must be seen within half a second")
async def test_a_killed_session_is_seen_at_once(connect: Connect, sshd: Sshd) -> None:
    connection = await connect()
    killed = time.monotonic()
    sshd.kill_sessions()
    await asyncio.wait_for(connection.wait_closed(), 1)
    assert time.monotonic() - killed < 0.5
    assert isinstance(connection.close_reason, Dropped) and "vm-1" in str(connection.close_reason)
    with pytest.raises(Dropped):
        await connection.run("echo", timeout=5)


@pytest.mark.races_the_clock("heartbeats of a fraction of a second")
async def test_a_half_open_link_is_silent_first_and_dropped_in_its_bound(connect: Connect, sshd: Sshd) -> None:
    async with Relay(sshd.port) as relay:
        interval, count = 0.4, 3
        connection = await connect(port=relay.port, keepalive_interval=interval, keepalive_count=count)
        await asyncio.sleep(interval * 2.5)
        assert not connection.silent, "heartbeats are answered while the link is whole"
        relay.freeze()
        frozen = time.monotonic()
        await until(lambda: connection.silent, within=interval * 2)
        assert connection.silent_since is not None and connection.silent_since <= frozen + 0.05
        assert connection.connected
        await asyncio.wait_for(connection.wait_closed(), interval * (count + 1) * 1.25)
        assert time.monotonic() - frozen <= interval * (count + 1) * 1.25
        assert "last byte" in str(connection.close_reason)


async def test_a_pause_shorter_than_the_bound_is_silence_and_ends(connect: Connect, sshd: Sshd) -> None:
    async with Relay(sshd.port) as relay:
        connection = await connect(port=relay.port, keepalive_interval=0.3, keepalive_count=10)
        relay.freeze()
        await until(lambda: connection.silent)
        relay.thaw()
        await until(lambda: not connection.silent)
        assert (await connection.run("echo awake", timeout=5)).stdout == b"awake\n"


async def test_answers_lost_one_way_are_a_dropped_link(connect: Connect, sshd: Sshd) -> None:
    async with Relay(sshd.port) as relay:
        connection = await connect(port=relay.port, keepalive_interval=0.2, keepalive_count=2)
        relay.drop_downstream = True
        await asyncio.wait_for(connection.wait_closed(), 0.2 * 3 * 1.25 + 0.2)


@pytest.mark.races_the_clock("closing must end within two seconds")
async def test_close_is_bounded_on_a_frozen_link(connect: Connect, sshd: Sshd) -> None:
    async with Relay(sshd.port) as relay:
        connection = await connect(port=relay.port)
        relay.freeze()
        started = time.monotonic()
        await connection.close()
        assert time.monotonic() - started < 2.0
        assert connection.closed and connection.close_reason is None


async def test_a_cancelled_connect_leaves_nothing(sshd: Sshd) -> None:
    async with Relay(sshd.port) as relay:
        relay.freeze()
        connection = Connection(sshd.endpoint(port=relay.port), sshd.private_key, MemoryHostKeys())
        before = len(asyncio.all_tasks())
        task = asyncio.create_task(connection.connect())
        await until(lambda: relay.accepted == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        relay.thaw()
        await until(lambda: not relay._writers)
        await until(lambda: len(asyncio.all_tasks()) <= before)


@pytest.mark.races_the_clock("sshd counts a log-in as open until its process has told it of the end")
async def test_the_gate_keeps_an_sshd_with_default_limits_from_refusing(tmp_path: Path) -> None:
    server = Sshd(tmp_path / "sshd", "MaxStartups 10:30:100")
    server.start()
    connect_limit = ConnectLimit()
    keys = MemoryHostKeys()
    connections = [
        Connection(server.endpoint(), server.private_key, keys, connect_limit=connect_limit) for _ in range(60)
    ]
    try:
        await asyncio.gather(*(connection.connect() for connection in connections))
        assert all(connection.connected for connection in connections)
    finally:
        await asyncio.gather(*(connection.close() for connection in connections))
        server.stop()


async def test_too_many_log_ins_are_named(tmp_path: Path) -> None:
    server = Sshd(tmp_path / "sshd", "MaxStartups 1:100:1", "LoginGraceTime 30")
    server.start()
    while True:
        blocker, writer = await asyncio.open_connection("127.0.0.1", server.port)
        # The look that waited for the server may still hold the only place.
        if (await blocker.readline()).startswith(b"SSH-"):
            break
        writer.transport.abort()
    try:
        with pytest.raises(ClosedWithoutBanner):
            await Connection(server.endpoint(), server.private_key, MemoryHostKeys()).connect()
    finally:
        writer.transport.abort()
        server.stop()
