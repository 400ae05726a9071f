"""Hosts that differ in nothing but a port, or the jump host on the way: what is on one is not taken for the other's."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import asyncssh
import httpx
import pytest

from cockpit.engine.hosts.platform import HostPlatform
from cockpit.model.ids import VmId
from cockpit.remote.hosts.connection import HostConnection
from cockpit.remote.hosts.host import PlainHost
from cockpit.remote.hosts.line import HostLine
from tests.remote.hosts.conftest import known_line
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.sshd import Sshd

INNER = "10.9.8.7"
"""The address that two hosts behind two jump hosts have in common."""


class Jump(asyncssh.SSHServer):
    """A jump host from which every address is one server."""

    def __init__(self, port: int) -> None:
        self._port = port

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._conn = conn

    def begin_auth(self, username: str) -> bool:
        return False

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> object:  # type: ignore[override]
        return self._conn.forward_connection("127.0.0.1", self._port) if dest_host == INNER else False


@contextlib.asynccontextmanager
async def alike(root: Path, *, jumps: bool) -> AsyncIterator[list[HostPlatform]]:
    """Run two servers with the same user, and reach them by one address."""
    async with contextlib.AsyncExitStack() as stack:
        config, known, found = root / "config", root / "known_hosts", []
        text, trusted = f"Host *\n  UserKnownHostsFile {known}\n", ""
        for name in ("alpha", "beta"):
            server = Sshd(root / name, name=name)
            server.start()
            stack.callback(server.stop)
            key = root / f"{name}-key"
            key.touch(mode=0o600)
            key.write_text(server.private_key)
            user, jump, address, port = server.endpoint().username, "", "127.0.0.1", server.port
            trusted += f"{known_line(server)}\n"
            if jumps:
                own = asyncssh.generate_private_key("ssh-ed25519")
                listener = await asyncssh.listen(
                    "127.0.0.1", 0, server_host_keys=[own], server_factory=partial(Jump, port)
                )
                stack.push_async_callback(listener.wait_closed)
                stack.callback(listener.close)
                hop = listener.get_port()
                public = own.export_public_key("openssh").decode()
                inner = known_line(server).split(" ", 1)[1]
                trusted += f"[127.0.0.1]:{hop} {public}\n{INNER} {inner}\n"
                jump, address, port = f"{user}@127.0.0.1:{hop}", INNER, 22
            host = PlainHost(name, address, user, port, str(key), False, jump, str(known), str(config))
            line = HostLine(partial(HostConnection, host, MemoryHostKeys()))
            stack.push_async_callback(line.close)
            found.append(HostPlatform(name, line, "~/agents", ()))
        config.write_text(text)
        known.write_text(trusted)
        yield found


async def asked(platform: HostPlatform, method: str, path: str, body: object = None) -> object:
    request = httpx.Request(method, f"https://host{path}", json=body)
    return json.loads((await platform.handle_async_request(request)).content)


def left_of(root: Path) -> list[str]:
    """Return the homes of agents that are there."""
    return [str(path) for path in root.glob("*/home/agents/*")]


@pytest.mark.parametrize("jumps", [False, True], ids=["another port", "another jump host"])
async def test_what_is_on_one_is_not_taken_for_what_is_on_the_other(tmp_path: Path, jumps: bool) -> None:
    labels = {"vm_config": {"labels": {"swarm-cockpit-agent": "ada"}}}
    async with alike(tmp_path, jumps=jumps) as platforms:
        homes = []
        for platform, name in zip(platforms, ("alpha", "beta"), strict=True):
            await asked(platform, "POST", "/vm/new_root", labels)
            (place,) = (await platform.look()).places
            lent = await platform.lend(place.id)
            said = (await lent.run('printf %s "$HOME"', timeout=20)).stdout.decode()
            await lent.close()
            assert said == place.home and said.startswith(str(tmp_path / name)), "a command goes to its own host"
            homes.append(place)
        one, other = homes
        assert one.id != other.id
        await asked(platforms[0], "DELETE", f"/vm/{VmId(one.id)}")
        assert left_of(tmp_path) == [other.home]
        assert [place.id for place in (await platforms[1].look()).places] == [other.id]
        assert not (await platforms[0].look()).places
