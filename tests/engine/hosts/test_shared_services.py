"""Services are led to a host over the connection to it; where its sshd forbids that, this is said and nothing given."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.engine.hosts.places import place_id
from cockpit.engine.hosts.scripts import LISTENER
from cockpit.engine.hosts.services import SharedServices
from cockpit.remote.hosts.connection import HostConnection
from cockpit.remote.hosts.line import HostLine
from tests.remote.hosts.conftest import host_of
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.sshd import Sshd, free_port

PLACE = place_id("alpha", "/home/me/agents/ada/pi-rpc")
ASK = 'exec 3<>"/dev/tcp/127.0.0.1/$1" && echo ask >&3 && cat <&3'


def services_at(url: str) -> SharedServices:
    return SharedServices("alpha", f"one at {url}", lambda: url, lambda vm_id: f"key of {vm_id}")


@contextlib.asynccontextmanager
async def line_to(server: Sshd, directory: Path) -> AsyncIterator[HostLine]:
    line = HostLine(lambda: HostConnection(host_of(server, directory), MemoryHostKeys()))
    yield line
    await line.close()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"answer\n")
    writer.close()


async def test_services_are_led_there_and_again_after_a_loss(sshd: Sshd, tmp_path: Path) -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    mine, another = services_at(url), services_at(url)
    async with server, line_to(sshd, tmp_path / "one") as line, line_to(sshd, tmp_path / "two") as second:
        lent: Any = await line.lend()
        await mine.lead(lent)
        given = mine.access(PLACE)
        assert given == (f"http://127.0.0.1:{mine.port}", f"key of {PLACE}")
        asked = await lent.run(ASK, str(mine.port), timeout=30.0, shell="bash")
        assert asked.stdout == b"answer\n", asked
        # Another cockpit of the same fleet uses the port that this one holds.
        await another.lead(await second.lend())
        assert another.access(PLACE) == given and "another cockpit" in another.words
        sshd.kill_sessions()
        await lent.wait_closed()
        lent = await line.lend(anew=True)
        await mine.lead(lent)
        assert (await lent.run(ASK, str(mine.port), timeout=30.0, shell="bash")).stdout == b"answer\n"


@pytest.mark.parametrize("forbids", ["AllowTcpForwarding no", "PermitListen none", "AllowTcpForwarding local"])
async def test_an_sshd_that_forbids_it_is_told_and_nothing_is_given(tmp_path: Path, forbids: str) -> None:
    server = Sshd(tmp_path / "sshd", forbids, name="alpha")
    server.start()
    services = services_at(f"http://127.0.0.1:{free_port()}")
    try:
        async with line_to(server, tmp_path / "files") as line:
            await services.lead(await line.lend())
    finally:
        server.stop()
    assert services.trouble is not None and services.access(PLACE) is None
    assert "host alpha" in services.trouble.message and str(services.port) in services.trouble.message
    assert "PermitListen" in services.trouble.hint and "no board" in services.words


async def test_services_with_a_name_of_their_own_are_asked_under_it(sshd: Sshd, tmp_path: Path) -> None:
    services = services_at("https://board.example:3000")
    async with line_to(sshd, tmp_path / "files") as line:
        await services.lead(await line.lend())
    assert services.access(PLACE) == ("https://board.example:3000", f"key of {PLACE}")


def listener_of(port: int) -> str:
    done = subprocess.run(["sh", "-c", LISTENER, "sh", str(port)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_whose_a_port_is() -> None:
    with socket.socket() as ours:
        ours.bind(("127.0.0.1", 0))
        port = ours.getsockname()[1]
        assert listener_of(port) == "none"
        ours.listen()
        assert listener_of(port) == "ours"
    if os.getuid() == 0:
        code = "import os, socket; os.setuid(65534); s = socket.create_server(('127.0.0.1', 0)); "
        code += "print(s.getsockname()[1], flush=True); input()"
        with subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as theirs:
            assert theirs.stdout is not None
            assert listener_of(int(theirs.stdout.readline())) == "theirs"
            theirs.communicate("\n")
