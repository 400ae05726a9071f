"""The gateway from its client's side: SSH inside TLS, chosen by server name."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shlex
import signal
import ssl
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from cockpit.embedded.gateway.certificates import VM_DOMAIN
from cockpit.embedded.gateway.sessions import VmSession
from cockpit.embedded.sandbox.launch import LaunchedProcess, signal_group
from cockpit.embedded.sandbox.processes import read_entry
from cockpit.embedded.sandbox.sandbox import Sandbox
from tests.embedded.conftest import Served, processes_of
from tests.embedded.tunnel import connect
from tests.embedded.waiting import grows, size, stays, until
from tests.inside import on_host
from tests.requirements import require_program

BIG = 24_000_000
"""Bytes of the transfers: several windows and a re-filled pipe."""


@asynccontextmanager
async def login(served: Served, vm_id: str, **options: object) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """Log in to a VM with its own key and its own host key."""
    key, _ = await served.sandboxes.private_key(vm_id)
    host_key = served.sandboxes.layout.sandbox(vm_id).host_key.read_text()
    connection = await connect(served.gateway.port, served.gateway.authority, vm_id, key, host_key=host_key, **options)
    async with connection:
        yield connection


async def handshake(
    served: Served, server_name: str | None, first: bytes = b"SSH-2.0-test\r\n", enough: int = 0
) -> bytes:
    """Open TLS, say something, and return what comes back: so many bytes, or all until the end."""
    context = ssl.create_default_context(cafile=str(served.gateway.authority))
    if server_name is None:
        context.check_hostname = False
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", served.gateway.port, ssl=context, server_hostname=server_name or ""
    )
    try:
        writer.write(first)
        async with asyncio.timeout(10):
            return await (reader.readexactly(enough) if enough else reader.read())
    finally:
        writer.close()


async def test_commands_have_status_streams_and_environment(served: Served) -> None:
    vm_id = await served.create()
    async with login(served, vm_id) as connection:
        result = await connection.run("pwd; echo $COCKPIT_SANDBOX; echo oops >&2; exit 7")
        assert result.stdout == f"{served.inner_home(vm_id)}\n{vm_id}\n"
        assert result.stderr == "oops\n"
        assert result.exit_status == 7
        killed = await connection.run("kill -TERM $$")
        assert killed.exit_signal is not None
        assert killed.exit_signal[0] == "TERM"
        echoed = await connection.run("cat; echo end", input="some input")
        assert echoed.stdout == "some inputend\n"
        group = (await connection.run("cat /proc/self/cgroup")).stdout
        sandbox = served.sandboxes.find(vm_id)
        assert sandbox is not None
        # Behind walls a group's name is not told.
        assert sandbox.freezer.group is None or vm_id in str(group) or sandbox.walled


async def test_bytes_arrive_unchanged_in_both_directions(served: Served) -> None:
    vm_id = await served.create()
    payload = os.urandom(BIG)
    digest = hashlib.sha256(payload).hexdigest()
    async with login(served, vm_id) as connection:
        up = await connection.run("tee up | sha256sum", input=payload, encoding=None)
        assert isinstance(up.stdout, bytes)
        assert up.stdout.split()[0].decode() == digest
        down = await connection.run("cat up", encoding=None)
        assert isinstance(down.stdout, bytes)
        assert hashlib.sha256(down.stdout).hexdigest() == digest
    async with login(served, vm_id, compression_algs=["zlib@openssh.com"]) as connection:
        both = await connection.run("cat", input=payload[:4_000_000], encoding=None)
        assert both.stdout == payload[:4_000_000]


async def test_a_slow_reader_stops_the_command_and_nothing_else(served: Served) -> None:
    vm_id = await served.create()
    async with login(served, vm_id) as connection:
        flood = await connection.create_process(
            "pad=$(head -c 8000 /dev/zero | tr '\\0' x); i=0; while :; do i=$((i+1)); echo $pad; echo $i > count; done",
            encoding=None,
        )
        count = served.home(vm_id) / "count"
        await until(count.exists)
        seen = await _settled(count)
        assert (await connection.run("echo other")).stdout == "other\n"
        await flood.stdout.readexactly(4_000_000)
        await until(lambda: count.read_text() not in ("", seen))
        flood.close()


def _text(path: Path) -> str:
    return path.read_text()


async def _settled(path: Path) -> str:
    """Return a file's text once it has not changed for half a second."""
    seen, since = "", time.monotonic()
    deadline = since + 30
    while not seen or time.monotonic() - since < 0.5:
        assert time.monotonic() < deadline, f"{path} never stood still"
        await asyncio.sleep(0.02)
        if (text := _text(path)) != seen:
            seen, since = text, time.monotonic()
    return seen


async def test_many_channels_live_at_once(served: Served) -> None:
    vm_id = await served.create()
    async with login(served, vm_id) as connection:
        long_lived = [await connection.create_process("cat") for _ in range(20)]
        results = await asyncio.gather(*(connection.run(f"echo {i}") for i in range(30)))
        assert [str(result.stdout).strip() for result in results] == [str(i) for i in range(30)]
        for number, process in enumerate(long_lived):
            process.stdin.write(f"line {number}\n")
            assert await process.stdout.readline() == f"line {number}\n"
            process.stdin.write_eof()
            await process.wait()


async def test_signals_reach_a_command_that_reads_nothing(served: Served) -> None:
    vm_id = await served.create()
    async with login(served, vm_id) as connection:
        process = await connection.create_process(
            "trap 'echo got; exit 3' USR1; touch ready; while :; do sleep 0.02; done", encoding=None
        )
        process.stdin.write(b"x" * 500_000)
        await until((served.home(vm_id) / "ready").exists)
        process.send_signal("USR1")
        result = await process.wait()
        assert result.exit_status == 3
        assert result.stdout == b"got\n"


async def test_only_the_own_key_opens_a_vm(served: Served) -> None:
    vm_id, child_id, commit_id = await served.create(), str(uuid.uuid4()), str(uuid.uuid4())
    await served.sandboxes.snapshot(vm_id, commit_id)
    await served.sandboxes.restore(child_id, commit_id)
    parent_key, _ = await served.sandboxes.private_key(vm_id)
    with pytest.raises(asyncssh.PermissionDenied):
        await connect(served.gateway.port, served.gateway.authority, child_id, parent_key)
    host_key = served.sandboxes.layout.sandbox(vm_id).host_key.read_text()
    child_key, _ = await served.sandboxes.private_key(child_id)
    async with await connect(
        served.gateway.port, served.gateway.authority, child_id, child_key, host_key=host_key
    ) as connection:
        assert (await connection.run("echo $COCKPIT_SANDBOX")).stdout == f"{child_id}\n"


@pytest.mark.parametrize("name", [None, "api.cockpit.internal", f"short.{VM_DOMAIN}", f"a.b.{VM_DOMAIN}"])
async def test_names_that_are_no_vm_end_the_handshake(served: Served, name: str | None) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await handshake(served, name)


async def test_unknown_and_deleted_vms_close_without_a_banner(served: Served) -> None:
    vm_id = await served.create()
    assert await handshake(served, f"{vm_id.upper()}.{VM_DOMAIN}", enough=8) == b"SSH-2.0-"
    assert await handshake(served, f"{uuid.uuid4()}.{VM_DOMAIN}") == b""
    assert await handshake(served, f"{vm_id}.{VM_DOMAIN}", b"GET / HTTP/1.1\r\n\r\n") == b""
    await served.sandboxes.destroy(vm_id)
    assert await handshake(served, f"{vm_id}.{VM_DOMAIN}") == b""


async def test_a_paused_vm_closes_new_connections_after_a_delay(served: Served) -> None:
    vm_id = await served.create()
    await served.sandboxes.pause(vm_id)
    begin = asyncio.get_running_loop().time()
    assert await handshake(served, f"{vm_id}.{VM_DOMAIN}") == b""
    assert asyncio.get_running_loop().time() - begin >= 0.45


async def test_a_pause_freezes_open_sessions_without_losing_a_byte(served: Served) -> None:
    vm_id = await served.create()
    count = served.home(vm_id) / "count"
    script = "i=0; while [ ! -e stop ]; do i=$((i+1)); echo line $i; echo x >> count; done"
    async with login(served, vm_id) as connection:
        process = await connection.create_process(script)
        echo = await connection.create_process("cat")
        for _round in range(3):
            await grows(count)
            await served.sandboxes.pause(vm_id)
            await stays(count, 0.2)
            echo.stdin.write("said while paused\n")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await asyncio.shield(connection.create_process("echo not now"))
            await served.sandboxes.resume(vm_id)
            assert await echo.stdout.readline() == "said while paused\n"
        (served.home(vm_id) / "stop").touch()
        result = await process.wait()
        lines = size(count) // 2
        assert result.stdout == "".join(f"line {number}\n" for number in range(1, lines + 1))
        assert result.exit_status == 0


async def test_keepalives_are_unanswered_while_paused(served: Served) -> None:
    vm_id = await served.create()
    async with login(served, vm_id, keepalive_interval=0.1, keepalive_count_max=3) as connection:
        await connection.run("true")
        await served.sandboxes.pause(vm_id)
        async with asyncio.timeout(5):
            await connection.wait_closed()
        await served.sandboxes.resume(vm_id)


async def test_destroying_a_vm_ends_its_connections_only(served: Served) -> None:
    first, second = await served.create(), await served.create()
    async with login(served, first) as lost, login(served, second) as kept:
        process = await lost.create_process("sleep 1000")
        await served.sandboxes.destroy(first)
        async with asyncio.timeout(5):
            await lost.wait_closed()
        assert process.returncode is None or process.returncode != 0
        assert (await kept.run("echo here")).stdout == "here\n"


async def test_a_closed_channel_ends_its_command_but_not_its_daemons(served: Served) -> None:
    vm_id = await served.create()
    home = served.home(vm_id)
    async with login(served, vm_id) as connection:
        process = await connection.create_process(
            "setsid sh -c 'echo $$ > daemon; exec sleep 1000' > /dev/null 2>&1 < /dev/null & "
            "trap '' HUP; sh -c 'echo $$ > child; exec sleep 1000'"
        )
        await until(lambda: all((home / name).exists() for name in ("daemon", "child")))
        daemon, child = [on_host(await _pid(home / name), vm_id) for name in ("daemon", "child")]
        process.close()
        await until(lambda: read_entry(child) is None)
        assert read_entry(daemon) is not None
        stays_behind = await connection.run("nohup sleep 1000 > /dev/null 2>&1 < /dev/null & echo $!")
    left = on_host(int(str(stays_behind.stdout)), vm_id)
    assert read_entry(left) is not None
    assert {daemon, left} <= processes_of(vm_id)
    assert not list(served.sandboxes.layout.sandbox(vm_id).channels.iterdir())


async def _pid(path: Path) -> int:
    return await until(lambda: int(path.read_text() or 0))


async def test_a_terminal_resizes_and_is_hung_up(served: Served) -> None:
    vm_id = await served.create()
    async with login(served, vm_id) as connection:
        process = await connection.create_process(
            "tty; stty size; trap 'stty size' WINCH; trap 'exit 3' INT; touch ready; while :; do sleep 0.02; done",
            term_type="xterm",
            term_size=(100, 40),
        )
        assert (await process.stdout.readline()).startswith("/dev/pts/")
        assert (await process.stdout.readline()).strip() == "40 100"
        await until((served.home(vm_id) / "ready").exists)
        process.change_terminal_size(81, 25)
        assert (await process.stdout.readline()).strip() == "25 81"
        process.stdin.write("\x03")
        result = await process.wait()
        assert result.exit_status == 3
        shell = await connection.create_process(term_type="xterm")
        shell.stdin.write("echo $((6*7)); exit 5\n")
        ended = await shell.wait()
        assert "42" in str(ended.stdout)
        assert ended.exit_status == 5


async def test_a_size_that_no_terminal_can_have_harms_nobody(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    for walls in ("auto", "off"):
        monkeypatch.setenv("COCKPIT_WALLS", walls)
        await served.sandboxes.adopt()
        vm_id = await served.create()
        async with login(served, vm_id) as connection, asyncio.timeout(30):
            daemon = await connection.create_process("echo; exec sleep 1000")
            await daemon.stdout.readline()
            process = await connection.create_process(
                "stty size; read line; stty size", term_type="xterm", term_size=(100_000, 2**32 - 1)
            )
            assert (await process.stdout.readline()).strip() == "65535 65535"
            process.change_terminal_size(70_000, 25)
            process.stdin.write("\n")
            assert "25 65535" in str((await process.wait()).stdout)
            assert daemon.exit_status is None and not daemon.is_closing()


async def test_what_comes_while_a_terminal_starts_is_not_lost(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    vm_id = await served.create()
    asked, go, received = asyncio.Event(), asyncio.Event(), asyncio.Event()
    launch, signalled = Sandbox.launch, VmSession.signal_received

    async def slow(self: Sandbox, *arguments: Any, **options: Any) -> LaunchedProcess:
        asked.set()
        await go.wait()
        return await launch(self, *arguments, **options)

    def noticed(self: VmSession, name: str) -> None:
        signalled(self, name)
        received.set()

    monkeypatch.setattr(Sandbox, "launch", slow)
    monkeypatch.setattr(VmSession, "signal_received", noticed)
    async with login(served, vm_id) as connection, asyncio.timeout(20):
        process = await connection.create_process(
            "while [ \"$(stty size)\" != '25 81' ]; do sleep 0.02; done; echo resized; sleep 1000",
            term_type="xterm",
            term_size=(100, 40),
        )
        await asked.wait()
        process.change_terminal_size(90, 30)
        process.change_terminal_size(81, 25)
        process.send_signal("USR9")  # means nothing, and comes after the sizes
        await received.wait()
        go.set()
        assert (await process.stdout.readline()).strip() == "resized"
        process.kill()
        await process.wait()

        asked.clear()
        go.clear()
        received.clear()
        sleeper = await connection.create_process("sleep 1000", term_type="xterm")
        await asked.wait()
        sleeper.send_signal("TERM")
        await received.wait()
        go.set()
        ended = await sleeper.wait()
        assert ended.exit_signal is not None and ended.exit_signal[0] == "TERM"


async def test_tmux_can_be_attached_over_a_terminal(served: Served) -> None:
    require_program("tmux")
    vm_id = await served.create()
    async with login(served, vm_id) as connection:
        await connection.run("tmux new-session -d -s agent 'echo hello from the agent; cat'", check=True)
        process = await connection.create_process("tmux attach -t agent", term_type="xterm", encoding=None)
        seen = b""
        async with asyncio.timeout(10):
            while b"hello from the agent" not in seen:
                seen += await process.stdout.read(1000)
        process.close()
        await process.wait_closed()
        assert (await connection.run("tmux list-sessions -F '#{session_name}'")).stdout == "agent\n"


async def test_one_broken_connection_does_not_touch_others(served: Served) -> None:
    vm_id = await served.create()
    async with login(served, vm_id) as kept:
        process = await kept.create_process("cat")
        garbage = f"{vm_id}.{VM_DOMAIN}"
        await handshake(served, garbage, b"SSH-" + os.urandom(200) + b"\r\n")
        async with login(served, vm_id) as dropped:
            victim = await dropped.create_process("sleep 1000")
            assert victim.returncode is None
            dropped.abort()
        process.stdin.write("still here\n")
        assert await process.stdout.readline() == "still here\n"
        await until(lambda: served.gateway.connections == 1)
        await until(lambda: len(list(served.sandboxes.layout.sandbox(vm_id).channels.iterdir())) == 1)


class OpenSsh:
    """OpenSSH's own programs as clients of one VM."""

    def __init__(self, served: Served, vm_id: str, directory: Path) -> None:
        openssl = require_program("openssl")
        places = served.sandboxes.layout.sandbox(vm_id)
        host = f"{vm_id}.{VM_DOMAIN}"
        known = directory / "known_hosts"
        public = asyncssh.import_private_key(places.host_key.read_text()).export_public_key().decode()
        known.write_text(f"{host} {public}")
        proxy = (
            f"{openssl} s_client -quiet -verify_return_error -verify_hostname {host} -servername {host} "
            f"-CAfile {shlex.quote(str(served.gateway.authority))} -connect 127.0.0.1:{served.gateway.port}"
        )
        self.target = f"root@{host}"
        self.options = [
            "-F", "none", "-i", str(places.client_key), "-o", f"UserKnownHostsFile={known}",
            "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", f"ProxyCommand={proxy} 2>/dev/null", "-C",
        ]  # fmt: skip

    async def run(self, program: str, *words: str, stdin: bytes = b"") -> tuple[int | None, bytes, bytes]:
        """Run a program and return its exit code, output and errors."""
        process = await asyncio.create_subprocess_exec(
            str(require_program(program)), *self.options, *words,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(stdin), 60)
        return process.returncode, out, err


async def test_openssh_itself_can_log_in(served: Served, short_root: Path) -> None:
    client = OpenSsh(served, await served.create(), short_root)
    code, out, err = await client.run("ssh", client.target, "cat; echo to stderr >&2; exit 9", stdin=b"through openssh")
    assert out == b"through openssh", err
    assert b"to stderr" in err
    assert code == 9


@pytest.mark.parametrize(
    ("command", "code"),
    [("true", 0), ("exit 254", 254), ("nothing-of-that-name", 127), ("kill -9 $$", 255), ("kill -50 $$", 178)],
)
async def test_openssh_hears_how_a_command_ended(served: Served, short_root: Path, command: str, code: int) -> None:
    client = OpenSsh(served, await served.create(), short_root)
    assert (await client.run("ssh", client.target, command))[0] == code


@pytest.mark.parametrize("protocol", ["-s", "-O"])
async def test_scp_copies_and_says_so(served: Served, short_root: Path, protocol: str) -> None:
    """`-s` is file transfer over SFTP, which is the default today, `-O` the program `scp` on the VM."""
    vm_id = await served.create()
    client = OpenSsh(served, vm_id, short_root)
    payload = os.urandom(3_000_000)
    (short_root / "up").write_bytes(payload)
    code, _, err = await client.run("scp", protocol, str(short_root / "up"), f"{client.target}:there")
    assert (code, err) == (0, b"")
    assert (served.home(vm_id) / "there").read_bytes() == payload
    code, _, err = await client.run("scp", protocol, f"{client.target}:there", str(short_root / "down"))
    assert (code, err) == (0, b"")
    assert (short_root / "down").read_bytes() == payload
    code, _, err = await client.run("scp", protocol, f"{client.target}:absent", str(short_root / "none"))
    assert code == 1 and b"No such file" in err
    code, _, err = await client.run("scp", protocol, "-r", str(short_root / "tls"), f"{client.target}:tree")
    assert code == 0 and (served.home(vm_id) / "tree").is_dir(), err


async def test_rsync_copies_both_ways_and_says_so(served: Served, short_root: Path) -> None:
    vm_id = await served.create()
    client = OpenSsh(served, vm_id, short_root)
    require_program("rsync")
    shell = shlex.join(["ssh", *client.options])
    tree = short_root / "tree"
    (tree / "deep").mkdir(parents=True)
    (tree / "big").write_bytes(os.urandom(3_000_000))
    (tree / "deep" / "ümläut name").write_text("one")
    (tree / "link").symlink_to("big")

    async def copied(*words: str) -> None:
        process = await asyncio.create_subprocess_exec(
            "rsync", "-a", "--delete", "-e", shell, *words, stderr=asyncio.subprocess.PIPE
        )
        _, err = await asyncio.wait_for(process.communicate(), 60)
        assert (process.returncode, err) == (0, b"")

    def content(root: Path) -> dict[str, bytes]:
        found = {str(path.relative_to(root)): path for path in root.rglob("*") if not path.is_dir()}
        return {
            name: str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
            for name, path in found.items()
        }

    await copied(f"{tree}/", f"{client.target}:there/")
    assert content(served.home(vm_id) / "there") == content(tree)
    (tree / "big").write_bytes(os.urandom(1_000_000))
    (tree / "deep" / "ümläut name").unlink()
    await copied(f"{tree}/", f"{client.target}:there/")
    await copied(f"{client.target}:there/", f"{short_root / 'back'}/")
    assert content(short_root / "back") == content(tree) != {}


async def test_sftp_ends_well(served: Served, short_root: Path) -> None:
    vm_id = await served.create()
    client = OpenSsh(served, vm_id, short_root)
    (short_root / "up").write_bytes(b"x" * 100_000)
    script = f"put {short_root / 'up'} up\nget up {short_root / 'back'}\nls\nbye\n".encode()
    code, out, err = await client.run("sftp", "-b", "-", client.target, stdin=script)
    assert code == 0 and b"up" in out, err
    assert (short_root / "back").read_bytes() == b"x" * 100_000
    assert (await client.run("sftp", "-b", "-", client.target, stdin=b"get absent\n"))[0] == 1
    # The bare subsystem: version 3 is asked for and answered, then the client ends its input.
    code, out, err = await client.run("ssh", "-s", client.target, "sftp", stdin=b"\0\0\0\x05\x01\0\0\0\x03")
    assert code == 0 and out[4:5] == b"\x02", err
    assert (await client.run("ssh", "-s", client.target, "nothing"))[0] == 255


async def test_a_command_killed_from_inside_tells_its_signal(served: Served) -> None:
    vm_id = await served.create()
    async with login(served, vm_id) as connection:
        process = await connection.create_process("echo $$; sleep 1000")
        pid = on_host(int(await process.stdout.readline()), vm_id)
        assert signal_group(pid, signal.SIGKILL)
        result = await process.wait()
        assert result.exit_signal is not None
        assert result.exit_signal[0] == "KILL"


async def test_a_forwarded_stream_is_closed_once_neither_end_has_more_to_say(served: Served) -> None:
    """What `ssh -W` waits for, where the listener is the first that is done."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"a" * 3_000_000)
        writer.write_eof()
        heard.append(await reader.read())
        writer.close()

    async with (
        await asyncio.start_server(answer, "127.0.0.1", 0) as server,
        login(served, await served.create()) as connection,
        asyncio.timeout(60),
    ):
        reader, writer = await connection.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        assert await reader.read() == b"a" * 3_000_000
        writer.write(b"b" * 3_000_000)
        writer.write_eof()
        await writer.channel.wait_closed()
    assert heard == [b"b" * 3_000_000]
