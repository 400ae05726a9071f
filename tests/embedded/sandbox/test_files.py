"""File transfer: relative to the home, never outside the sandbox, never blocking."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import asyncssh
import pytest

from tests.embedded.conftest import Served
from tests.embedded.gateway.test_gateway import login


async def test_relative_and_absolute_paths_inside_are_served(served: Served, tmp_path: Path) -> None:
    vm_id = await served.create()
    home = served.home(vm_id)
    payload = os.urandom(3_000_000)
    (tmp_path / "up").write_bytes(payload)
    async with login(served, vm_id) as connection, connection.start_sftp_client() as files:
        await files.put(str(tmp_path / "up"), "workspace/up")
        assert (home / "workspace" / "up").read_bytes() == payload
        await files.get(str(home / "workspace" / "up"), str(tmp_path / "down"))
        assert (tmp_path / "down").read_bytes() == payload
        assert await files.realpath(".") == str(home)
        async with files.open("notes", "a") as notes:
            await notes.write("one ")
        async with files.open("notes", "a") as notes:
            await notes.write("two")
        async with files.open("notes", "r+") as notes:
            assert await notes.read() == "one two"
        await files.rename("notes", "renamed")
        await files.symlink("renamed", "link")
        assert await files.readlink("link") == "renamed"
        assert {str(name) for name in await files.listdir(".")} >= {"workspace", "renamed", "link"}
        await files.remove("link")
        assert (home / "renamed").exists()
        await files.mkdir("directory")
        await files.rmdir("directory")


async def test_nothing_outside_is_served(served: Served) -> None:
    vm_id, other = await served.create(), await served.create()
    home = served.home(vm_id)
    (home / "escape").symlink_to("/etc/passwd")
    (home / "away").symlink_to("/etc")
    async with login(served, vm_id) as connection, connection.start_sftp_client() as files:
        for path in (
            "/etc/passwd",
            "../keys/client",
            f"{served.home(other)}/workspace",
            "escape",
            "away/passwd",
            "workspace/../../machine.json",
            "/",
        ):
            with pytest.raises(asyncssh.SFTPError):
                await files.stat(path)
            with pytest.raises(asyncssh.SFTPError):
                await files.open(path, "rb")
        with pytest.raises(asyncssh.SFTPError):
            await files.open("away/new", "wb")
        with pytest.raises(asyncssh.SFTPError):
            await files.listdir("away")
        assert await files.readlink("escape") == "/etc/passwd"
        await files.remove("escape")


async def test_a_fifo_cannot_block_the_server(served: Served) -> None:
    vm_id = await served.create()
    os.mkfifo(served.home(vm_id) / "in")
    async with login(served, vm_id) as connection, connection.start_sftp_client() as files:
        for mode in ("rb", "wb"):
            async with asyncio.timeout(5):
                with pytest.raises(asyncssh.SFTPError):
                    await files.open("in", mode)
        assert (await connection.run("echo alive")).stdout == "alive\n"
