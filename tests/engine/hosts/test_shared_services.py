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
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cockpit.engine.hosts.places import place_id
from cockpit.engine.hosts.scripts import LISTENER
from cockpit.engine.hosts.services import SharedServices
from cockpit.engine.source import Source, services_environment
from cockpit.remote.hosts.connection import HostConnection
from cockpit.remote.hosts.line import HostLine
from tests.remote.hosts.conftest import host_of
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.sshd import Sshd, free_port

PLACE = place_id("alpha", "/home/me/agents/ada/pi-rpc")
ASK = 'exec 3<>"/dev/tcp/127.0.0.1/$1" && echo ask >&3 && cat <&3'


def fleet_at(url: str) -> Source:
    """Return what is asked of a fleet whose services are somewhere."""
    environment = services_environment(url, "word")
    told = {"VERS_AUTH_TOKEN": f"key of {PLACE}"}
    made = SimpleNamespace(
        name="embedded",
        vers=SimpleNamespace(account=f"one at {url}"),
        environment=environment,
        present=object(),
        environment_on=lambda vm_id: environment | told,
    )
    return cast(Source, made)


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
    mine, another = SharedServices("alpha", fleet_at(url)), SharedServices("alpha", fleet_at(url))
    async with server, line_to(sshd, tmp_path / "one") as line, line_to(sshd, tmp_path / "two") as second:
        lent: Any = await line.lend()
        await mine.lead(lent)
        given = mine.environment(PLACE)
        assert given == services_environment(f"http://127.0.0.1:{mine.port}", f"key of {PLACE}")
        asked = await lent.run(ASK, str(mine.port), timeout=30.0, shell="bash")
        assert asked.stdout == b"answer\n", asked
        # Another cockpit of the same fleet uses the port that this one holds.
        await another.lead(await second.lend())
        assert another.environment(PLACE) == given and "another cockpit" in another.words
        sshd.kill_sessions()
        await lent.wait_closed()
        lent = await line.lend(anew=True)
        await mine.lead(lent)
        assert (await lent.run(ASK, str(mine.port), timeout=30.0, shell="bash")).stdout == b"answer\n"


@pytest.mark.parametrize("forbids", ["AllowTcpForwarding no", "PermitListen none", "AllowTcpForwarding local"])
async def test_an_sshd_that_forbids_it_is_told_and_nothing_is_given(tmp_path: Path, forbids: str) -> None:
    server = Sshd(tmp_path / "sshd", forbids, name="alpha")
    server.start()
    services = SharedServices("alpha", fleet_at(f"http://127.0.0.1:{free_port()}"))
    try:
        async with line_to(server, tmp_path / "files") as line:
            await services.lead(await line.lend())
    finally:
        server.stop()
    assert services.trouble is not None and services.environment(PLACE) == {}
    assert "host alpha" in services.trouble.message and str(services.port) in services.trouble.message
    assert "PermitListen" in services.trouble.hint and "no board" in services.words


async def test_services_with_a_name_of_their_own_are_asked_under_it(sshd: Sshd, tmp_path: Path) -> None:
    services = SharedServices("alpha", fleet_at("https://board.example:3000"))
    async with line_to(sshd, tmp_path / "files") as line:
        await services.lead(await line.lend())
    assert services.environment(PLACE)["VERS_INFRA_URL"] == "https://board.example:3000"


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
