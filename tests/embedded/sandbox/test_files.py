"""File transfer: relative to the home, never outside the sandbox, never blocking."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import asyncssh
import pytest

from tests.embedded.conftest import Served
from tests.embedded.gateway.test_gateway import login
from tests.requirements import missing


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
        assert await files.realpath(".") == served.inner_home(vm_id)
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


async def test_nothing_outside_is_served(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_WALLS", "off")
    await served.sandboxes.adopt()
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


async def test_behind_walls_files_are_those_that_commands_see(served: Served) -> None:
    if served.sandboxes.offer().walls is None:
        missing(f"walls cannot be raised: {served.sandboxes.offer().reason}")
    vm_id, other = await served.create(), await served.create()
    root = served.sandboxes.layout.root
    (root / "token").write_text("secret")
    home = served.home(vm_id)
    (home / "escape").symlink_to(root / "token")
    (home / "away").symlink_to("/tmp")
    async with login(served, vm_id) as connection, connection.start_sftp_client() as files:
        for path in (str(root / "token"), f"{served.home(other)}/workspace", f"{home}/../keys/client", "escape"):
            with pytest.raises(asyncssh.SFTPNoSuchFile):
                await files.stat(path)
            with pytest.raises(asyncssh.SFTPNoSuchFile):
                await files.open(path, "rb")
        with pytest.raises(asyncssh.SFTPFailure, match="null byte"):
            await files.stat("with\0nothing")
        with pytest.raises(asyncssh.SFTPFailure):
            await files.setstat("workspace", asyncssh.SFTPAttrs(size=2**64 - 1))
        assert await files.readlink("escape") == str(root / "token")
        async with files.open("away/new", "wb") as new:
            await new.write(b"by file transfer")
        await connection.run("cat /tmp/new > /etc/new; ln -s /etc/new /root/linked; chmod 640 /etc/new", check=True)
        async with files.open("linked", "rb") as linked:
            # Typed as text by the library, and bytes where a file was opened so.
            content: object = await linked.read()
            assert content == b"by file transfer"
        await files.setstat("linked", asyncssh.SFTPAttrs(permissions=0o600, atime=5, mtime=7))
        told = await files.stat("/etc/new")
        assert (told.permissions, told.size, told.mtime) == (0o100600, 16, 7)
        assert not os.access("/etc/new", os.F_OK) and not os.access("/tmp/new", os.F_OK)
        await files.symlink("nowhere", "dangling")
        with pytest.raises(asyncssh.SFTPFailure):
            await files.rename("linked", "dangling")
        await files.posix_rename("linked", "dangling")
        assert await files.readlink("dangling") == "/etc/new"
        assert {"workspace", "escape", "away", "dangling"} <= {str(name) for name in await files.listdir("/root")}
        assert (await files.statvfs("/root")).blocks > 0
