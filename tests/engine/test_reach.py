"""Into the VMs of a whole fleet: a command, a terminal, and a web application over a link that drops."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from cockpit.engine.engine import Engine
from cockpit.engine.reach.bridges import end_bridge, start_bridge
from cockpit.engine.reach.listening import listeners_on
from cockpit.errors import CockpitError, Refused
from cockpit.model.commands.life import Destroy
from cockpit.model.commands.ports import EndForward, OpenForward
from cockpit.model.commands.vm import Pause, Resume
from cockpit.model.fleet import LinkState
from cockpit.model.reach import RemoteTerminal
from cockpit.remote.ssh.connection import Connection
from tests.engine.test_files_of_agents import Shell
from tests.fleets import FleetUnderTest, fleet_under_test, order, spawned, until
from tests.remote import waiting

WEB_SOCKET_ID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""


async def web_application(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a request, or take an upgrade and send each frame back, unmasked and in capitals."""
    head = await reader.readuntil(b"\r\n\r\n")
    key = next((line[19:] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key: ")), None)
    if key is None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        writer.close()
        return
    accept = base64.b64encode(hashlib.sha1(key + WEB_SOCKET_ID).digest())
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
    writer.write(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    while len(header := await reader.read(2)) == 2:
        mask = await reader.readexactly(4)
        data = await reader.readexactly(header[1] & 0x7F)
        plain = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data)).upper()
        writer.write(bytes((0x81, len(plain))) + plain)
    writer.close()


class WebSocket:
    """A client of it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int) -> WebSocket:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        writer.write(b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + base64.b64encode(b"0" * 16) + b"\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
        assert head.startswith(b"HTTP/1.1 101 "), head
        return cls(reader, writer)

    async def ask(self, text: bytes) -> bytes:
        mask = os.urandom(4)
        self.writer.write(bytes((0x81, 0x80 | len(text))) + mask)
        self.writer.write(bytes(byte ^ mask[at % 4] for at, byte in enumerate(text)))
        header = await asyncio.wait_for(self.reader.readexactly(2), 30)
        return await asyncio.wait_for(self.reader.readexactly(header[1]), 30)


@pytest.fixture(scope="module")
def fleet() -> Iterator[FleetUnderTest]:
    """A fleet for all tests here."""
    with fleet_under_test() as made:
        yield made


async def test_a_vm_is_reached_into_over_a_link_that_drops_and_a_pause(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine, await asyncio.start_server(web_application, "127.0.0.1", 0) as server:
        agent = await spawned(engine, "reached")
        await _command_and_terminal(engine, agent.vm_id)
        port = server.sockets[0].getsockname()[1]
        await order(engine, OpenForward(agent.vm_id, port))
        (row,) = engine.fleet.forwards
        assert row.port == port and row.local != port, "the same number is taken by the application itself here"
        socket_before = await WebSocket.open(row.local)
        assert await socket_before.ask(b"hello") == b"HELLO"
        session = engine.agent_session(agent.id)
        assert session is not None
        connection = session.connection()
        assert connection is not None
        connection._dialer.abort()
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)) as ended:
            await asyncio.wait_for(socket_before.reader.readexactly(1), 30)
        assert isinstance(ended.value, ConnectionResetError), "a stream that was cut is no end of what was said"
        # The listener stays: what connects meanwhile waits for the link.
        again = await WebSocket.open(row.local)
        assert await again.ask(b"again") == b"AGAIN"
        assert session.connection() is not connection
        told: list[str] = []
        shell = await engine.reach.shell(agent.vm_id, "xterm", (80, 24), lambda data, _: None)
        telling = asyncio.create_task(_hear(shell, told))
        await order(engine, Pause(agent.vm_id))
        await until(engine, lambda: "paused" in "".join(told), "the reason in the shell")
        assert "paused" in engine.fleet.forwards[0].hindrance
        with pytest.raises(Refused, match="paused"):
            await asyncio.wait_for(engine.reach.run(agent.vm_id, ("true",), lambda data, stderr: None), 5)
        reader, writer = await asyncio.open_connection("127.0.0.1", row.local)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        refused = await asyncio.wait_for(reader.read(), 5)
        assert refused.startswith(b"HTTP/1.1 503 ") and b"paused" in refused
        await order(engine, Resume(agent.vm_id))
        await until(engine, lambda: engine.agent_named("reached").link.state is LinkState.UP, "the link")
        await waiting.until(lambda: told[-1] == "", 30)
        assert not engine.fleet.forwards[0].hindrance
        await order(engine, EndForward(agent.vm_id, 0, port))
        assert not engine.fleet.forwards
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", row.local)
        await order(engine, Destroy(agent.vm_id))
        with pytest.raises(CockpitError, match="the VM is gone"):
            await asyncio.wait_for(shell.wait(), 30)
        await shell.close()
        await asyncio.wait_for(telling, 30)
        assert told[-1] == "the VM is gone"


async def _hear(shell: RemoteTerminal, told: list[str]) -> None:
    async for reason in shell.hindrances():
        told.append(reason)


async def _command_and_terminal(engine: Engine, vm_id: object) -> None:
    """Run a command that is cut off, and a terminal of a size."""
    vm = next(vm.id for vm in engine.fleet.vms if vm.id == vm_id)
    drawn = bytearray()
    terminal = await engine.reach.shell(vm, "xterm-256color", (91, 33), lambda data, _: drawn.extend(data))
    await terminal.write(b"stty size; echo term=$TERM\r")
    await _seen(drawn, b"33 91")
    await _seen(drawn, b"term=xterm-256color")
    terminal.resize(100, 40)
    await terminal.write(b"sleep 1000\r")
    await _seen(drawn, b"sleep 1000\r\n")
    await terminal.write(b"\x03")
    await terminal.write(b"stty size; exit 7\r")
    assert await asyncio.wait_for(terminal.wait(), 30) == 7
    assert b"40 100" in drawn
    await terminal.close()
    session = engine.agent_session(engine.agent_named("reached").id)
    assert session is not None
    said = bytearray()
    command = await engine.reach.run(
        vm, ("sh", "-c", "echo begun; exec sleep 1000"), lambda data, stderr: said.extend(data)
    )
    await _seen(said, b"begun")
    connection = session.connection()
    assert connection is not None
    connection._dialer.abort()
    with pytest.raises(CockpitError, match="without an exit code"):
        await asyncio.wait_for(command.wait(), 30)
    await command.close()
    await until(engine, lambda: session.connection() not in (None, connection), "the link again")


async def _seen(said: bytearray, text: bytes) -> None:
    await waiting.until(lambda: text in said, 30)


def test_the_verb_ends_as_its_command_and_its_own_failure_is_told_apart(fleet: FleetUnderTest) -> None:
    if not fleet.run("agents").stdout.count("lone"):
        assert fleet.run("spawn", "lone", "--agent", "scripted").returncode == 0
    done = fleet.run("run", "lone", "--", "sh", "-c", 'cat; echo "$1" >&2; exit 3', "sh", "a  b", stdin="given\n")
    assert (done.returncode, done.stdout, done.stderr) == (3, "given\n", "a  b\n")
    done = fleet.run("run", "lone", "--json", "--", "echo out; kill -TERM $$")
    told = json.loads(done.stdout)
    assert done.returncode == 143 == told["exit_code"] and told["stdout"] == "out\n"
    done = fleet.run("run", "lone", "--timeout", "0.5", "--", "sleep 1000")
    assert done.returncode == 255 and "did not end within 0.5 s" in done.stderr
    done = fleet.run("run", "nobody", "--", "true")
    assert done.returncode == 255 and "there is no agent or VM nobody" in done.stderr
    done = fleet.run("shell", "lone")
    assert done.returncode == 2 and "needs a terminal" in done.stderr
    done = fleet.run("bridge", "lone", "3000", "--dry-run")
    assert done.returncode == 1 and "forward the port instead" in done.stderr
    assert json.loads(fleet.run("ports", "lone", "--json").stdout) is not None


@pytest.mark.parametrize("program", ["python3", "node"])
async def test_a_bridge_carries_web_sockets_to_a_server_on_ipv4_alone(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    monkeypatch.setenv("HOME", str(tmp_path))
    shell = cast("Connection", Shell())
    if program == "node":
        # Where there is no python3, the other program is taken.
        monkeypatch.setattr("cockpit.engine.reach.bridges._START", START_WITHOUT_PYTHON)
    async with await asyncio.start_server(web_application, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await start_bridge(shell, port)
        try:
            found = next(one for one in await listeners_on(shell) if one.port == port)
            assert found.bridged and set(found.addresses) == {"127.0.0.1", "::"}
            reader, writer = await asyncio.open_connection("::1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await asyncio.wait_for(reader.read(), 10)).endswith(b"ok")
            reader, writer = await asyncio.open_connection("::1", port)
            writer.write(b"GET / HTTP/1.1\r\nSec-WebSocket-Key: " + base64.b64encode(b"0" * 16) + b"\r\n\r\n")
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            assert await WebSocket(reader, writer).ask(b"hello") == b"HELLO"
            with pytest.raises(Refused, match="reached over IPv6 already"):
                await start_bridge(shell, port)
        finally:
            await end_bridge(shell, port)
        await waiting.until(lambda: not _connects("::1", port))
    with pytest.raises(Refused, match="nothing listens"):
        await start_bridge(shell, port)


def _connects(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        return probe.connect_ex((host, port)) == 0


START_WITHOUT_PYTHON = """umask 077
mkdir -p "$HOME/.cockpit"
file=$HOME/.cockpit/bridge-$1
node -e "$3" "$1" cockpit-bridge </dev/null >/dev/null 2>"$file.err" &
echo $! >"$file"
"""
