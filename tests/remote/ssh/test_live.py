"""Commands with live output and input, terminals, and streams to ports, against OpenSSH."""

from __future__ import annotations

import asyncio
import grp
import hashlib
import os
import signal

import pytest

from cockpit.remote.errors import CommandFailed, Dropped, PortClosed
from cockpit.remote.ssh.connection import Connection
from cockpit.remote.ssh.live import LiveCommand
from cockpit.remote.ssh.pseudo_terminal import PseudoTerminal
from cockpit.remote.ssh.shell import command_line
from tests.remote.conftest import Connect
from tests.remote.sshd import Sshd, free_port
from tests.remote.waiting import until
from tests.requirements import missing


class Heard:
    """What a command said, by stream."""

    def __init__(self) -> None:
        self.out = bytearray()
        self.err = bytearray()

    def take(self, data: bytes, stderr: bool) -> None:
        (self.err if stderr else self.out).extend(data)

    def data_received(self, data: bytes, *, stderr: bool) -> None:
        self.take(data, stderr)

    def closed(self) -> None:
        pass


async def started(connection: Connection, *words: str, before: str = ":") -> tuple[LiveCommand, Heard]:
    heard = Heard()
    command = LiveCommand(connection, heard.take, words[0])
    await command.start(before, words, wait=10)
    return command, heard


async def test_streams_stay_apart_and_words_stay_words(connect: Connect) -> None:
    command, heard = await started(
        await connect(), "sh", "-c", 'printf "[%s]" "$@"; echo oops >&2; exit 7', "x", "a b", "$HOME", "'"
    )
    command.write_eof()
    end = await command.wait()
    assert (end.exit_status, end.signal) == (7, None)
    assert (bytes(heard.out), bytes(heard.err)) == (b"[a b][$HOME][']", b"oops\n")


async def test_ten_megabytes_of_any_bytes_go_in_and_come_back(connect: Connect) -> None:
    data = os.urandom(10 << 20)
    command, heard = await started(await connect(), "sh", "-c", "cat; echo end >&2")
    for at in range(0, len(data), 65536):
        await asyncio.wait_for(command.write(data[at : at + 65536]), 30)
    command.write_eof()
    assert (await command.wait()).exit_status == 0
    assert hashlib.sha256(heard.out).digest() == hashlib.sha256(data).digest()
    assert bytes(heard.err) == b"end\n", "what came after the end of its input"


async def test_output_waits_for_who_takes_it(connect: Connect) -> None:
    command, heard = await started(await connect(), "sh", "-c", "head -c 4000000 /dev/zero; echo end >&2")
    await until(lambda: len(heard.out) > 0)
    command.pause()
    held = len(heard.out)
    other, said = await started(command._connection, "echo", "other")  # type: ignore[arg-type]
    await other.wait()
    assert bytes(said.out) == b"other\n" and len(heard.out) <= held + (1 << 18), "the paused one went on"
    command.resume()
    assert (await command.wait()).exit_status == 0 and len(heard.out) == 4_000_000


async def test_an_interrupt_reaches_the_group_and_the_command_says_how_it_ended(connect: Connect) -> None:
    connection = await connect()
    script = "trap 'kill $!; echo cleaned; exit 9' INT; sleep 1000 & echo ready; wait"
    command, heard = await started(connection, "sh", "-c", script)
    await until(lambda: bytes(heard.out) == b"ready\n")
    await command.signal("INT")
    assert (await command.wait()).exit_status == 9 and bytes(heard.out) == b"ready\ncleaned\n"
    command, heard = await started(connection, "sleep", "1000")
    await until(lambda: command._streams[False].process_id is not None)
    await command.signal("INT")
    assert (await command.wait()).exit_status == 130
    command, heard = await started(connection, "sh", "-c", "trap '' INT TERM; echo deaf; while :; do sleep 0.1; done")
    await until(lambda: bytes(heard.out) == b"deaf\n")
    await command.end()
    assert (await command.wait()).signal == "KILL"


async def test_what_was_not_started_and_what_nobody_ended_are_failures(connect: Connect, sshd: Sshd) -> None:
    connection = await connect()
    command, _ = await started(connection, "true", before="cd /nowhere/at/all || exit 1")
    with pytest.raises(CommandFailed, match="nowhere"):
        await command.wait()
    command, _ = await started(connection, "no-such-program")
    assert (await command.wait()).exit_status == 127
    with pytest.raises(CommandFailed, match="UTF-8"):
        await started(connection, "a\0b")
    command, heard = await started(connection, "sh", "-c", "echo $$; exec sleep 1000")
    await until(lambda: bytes(heard.out).endswith(b"\n"))
    sshd.kill_sessions()
    try:
        with pytest.raises(Dropped, match="without an exit code"):
            await command.wait()
    finally:
        os.kill(int(heard.out), signal.SIGKILL)  # a lost link leaves it running


def gives_terminals() -> bool:
    """Say whether an sshd of this user can give terminals: it ends where one has another group than that of terminals.

    Only root may give it that group, if the kernel does not (devpts mounted without `gid`).
    """
    ours, theirs = os.openpty()
    try:
        return os.getuid() == 0 or os.fstat(theirs).st_gid == grp.getgrnam("tty").gr_gid
    except KeyError:
        return True
    finally:
        os.close(ours)
        os.close(theirs)


async def test_a_terminal_has_a_size_and_keys_and_runs_a_full_screen_editor(connect: Connect) -> None:
    if not gives_terminals():
        missing("sshd gives this user no terminal: the kernel makes terminals of another group than `tty`")
    connection = await connect()
    heard = Heard()
    script = 'trap "stty size" WINCH; stty size; while :; do sleep 0.05; done'
    shell = await connection.open_process(
        command_line(script), heard, terminal=PseudoTerminal("xterm-256color", 91, 33)
    )
    await until(lambda: b"33 91" in heard.out)
    shell.resize(120, 40)
    await until(lambda: b"40 120" in heard.out)
    shell.write(b"\x03")
    await shell.wait()
    assert shell.exit_status == 130 or shell.signal == "INT"
    heard = Heard()
    vim = await connection.open_process(
        command_line("exec vim -u NONE -N -n"), heard, terminal=PseudoTerminal("xterm-256color", 91, 33)
    )
    await until(lambda: b"\x1b[?1049h" in heard.out and heard.out.count(b"~") >= 31)
    vim.write(b"ihello\x1b:q!\r")
    await vim.wait()
    assert vim.exit_status == 0 and b"hello" in heard.out and b"\x1b[?1049l" in heard.out


async def test_a_stream_to_a_port_ends_each_way_by_itself(connect: Connect) -> None:
    connection = await connect()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = await reader.read()
        writer.write(hashlib.sha256(said).hexdigest().encode() + bytes(3_000_000))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with connection.stream_to("localhost", port) as stream:
            data = os.urandom(3_000_000)
            await stream.write(data)
            stream.write_eof()
            answered = bytearray()
            while piece := await stream.read(65536):
                answered += piece
        assert answered[:64] == hashlib.sha256(data).hexdigest().encode() and len(answered) == 3_000_064
    with pytest.raises(PortClosed, match="nothing takes connections"):
        async with connection.stream_to("localhost", free_port()):
            pass
    assert connection.connected
    await connection.close()
    with pytest.raises(Dropped):
        async with connection.stream_to("localhost", 1):
            pass
