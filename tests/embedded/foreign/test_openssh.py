"""OpenSSH's own programs with the configuration that the fleet writes for them, judged by exit codes."""

from __future__ import annotations

import asyncio
import os
import shlex
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cockpit.embedded.access.files import write_ssh_configuration
from tests.embedded.conftest import Served
from tests.embedded.waiting import until
from tests.requirements import require_program

LIMIT = 120
"""Seconds a program gets on a busy machine."""


class Programs:
    """Programs with one configuration."""

    def __init__(self, served: Served, root: Path) -> None:
        for name in ("openssl", "ssh", "scp", "sftp", "rsync", "git", "ssh-agent", "ssh-add"):
            require_program(name)
        authority = served.gateway.authority
        self.configuration = str(write_ssh_configuration(root, authority, "127.0.0.1", served.gateway.port))
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(root),
            "GIT_SSH_COMMAND": shlex.join(["ssh", "-F", self.configuration]),
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    async def run(self, *words: str, stdin: bytes = b"", **more: str) -> tuple[int | None, bytes, bytes]:
        """Run a program; `ssh`, `scp` and `sftp` are told of the configuration."""
        told = ("-F", self.configuration) if words[0] in ("ssh", "scp", "sftp") else ()
        process = await asyncio.create_subprocess_exec(
            words[0], *told, *words[1:],
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=self.environment | more,
        )  # fmt: skip
        try:
            async with asyncio.timeout(LIMIT):
                out, err = await process.communicate(stdin)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode, out, err

    @asynccontextmanager
    async def master(self, target: str, *words: str) -> AsyncIterator[None]:
        """Hold a connection open that forwards something."""
        process = await asyncio.create_subprocess_exec(
            "ssh", "-F", self.configuration, "-o", "ExitOnForwardFailure=yes", *words, target, "echo up; cat",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=self.environment,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            async with asyncio.timeout(LIMIT):
                assert await process.stdout.readline() == b"up\n"
            yield
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def asked(port: int) -> bytes:
    """Return what a port says."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(LIMIT):
        said = await reader.read()
    writer.close()
    return said


async def check_copies(programs: Programs, served: Served, vm_id: str, root: Path) -> None:
    """Ssh with its exit codes, scp in both protocols, sftp and rsync."""
    host = f"{vm_id}.vm.vers.sh"
    home = served.home(vm_id)
    for target in (host, vm_id, f"someone@{host}"):
        assert await programs.run("ssh", target, "cat; exit 9", stdin=b"in") == (9, b"in", b"")
    payload = os.urandom(300_000)
    (root / "up").write_bytes(payload)
    for protocol in ("-s", "-O"):
        assert (await programs.run("scp", protocol, str(root / "up"), f"{host}:there"))[0] == 0
        assert (home / "there").read_bytes() == payload
        assert (await programs.run("scp", protocol, f"{host}:there", str(root / "down")))[0] == 0
        assert (root / "down").read_bytes() == payload
        assert (await programs.run("scp", protocol, f"{host}:none", str(root / "down")))[0] == 1
        (home / "there").unlink()
        (root / "down").unlink()
    assert (await programs.run("sftp", "-b", "-", host, stdin=f"put {root}/up there\n".encode()))[0] == 0
    assert (home / "there").read_bytes() == payload
    shell = programs.environment["GIT_SSH_COMMAND"]
    assert (await programs.run("rsync", "-a", "-e", shell, f"{root}/up", f"{host}:synced"))[0] == 0
    assert (home / "synced").read_bytes() == payload
    assert (await programs.run("rsync", "-e", shell, f"{host}:none", str(root / "down")))[0] == 23


async def check_git(programs: Programs, served: Served, vm_id: str, root: Path) -> None:
    """Git over SSH: clone and push."""
    host, copy = f"{vm_id}.vm.vers.sh", str(root / "copy")
    assert (await programs.run("git", "init", "-q", "--bare", str(served.home(vm_id) / "repo.git")))[0] == 0
    assert (await programs.run("git", "clone", "-q", f"{host}:repo.git", copy))[0] == 0
    who = ("-c", "user.name=n", "-c", "user.email=e@example.com")
    assert (await programs.run("git", "-C", copy, *who, "commit", "-q", "--allow-empty", "-m", "m"))[0] == 0
    code, _, err = await programs.run("git", "-C", copy, "push", "-q", "origin", "HEAD:refs/heads/main")
    assert code == 0, err
    code, out, _ = await programs.run("git", "ls-remote", f"{host}:repo.git", "main")
    assert code == 0 and b"refs/heads/main" in out
    assert (await programs.run("git", "ls-remote", f"{host}:none.git"))[0] == 128


async def check_forwards(programs: Programs, vm_id: str) -> None:
    """`-L` and `-R`: bytes reach a listener on either side."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"answer")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    listening = server.sockets[0].getsockname()[1]
    for option in ("-L", "-R"):
        port = free_port()
        async with programs.master(vm_id, option, f"{port}:127.0.0.1:{listening}"):
            assert await asked(port) == b"answer"
    server.close()
    elsewhere = await programs.run("ssh", "-o", "ExitOnForwardFailure=yes", "-R", f"192.0.2.1:{free_port()}:a:1", vm_id)
    assert elsewhere[0] == 255


async def check_agent(programs: Programs, served: Served, vm_id: str, root: Path) -> None:
    """The agent of keys goes along where `-A` asks for it, and nowhere else."""
    place, key = str(root / "agent"), str(root / "key")
    agent = await asyncio.create_subprocess_exec("ssh-agent", "-D", "-a", place, stdout=asyncio.subprocess.DEVNULL)
    try:
        await until(Path(place).exists)
        assert (await programs.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "mark", "-f", key))[0] == 0
        assert (await programs.run("ssh-add", key, SSH_AUTH_SOCK=place))[0] == 0
        code, out, err = await programs.run("ssh", "-A", vm_id, "ssh-add -l", SSH_AUTH_SOCK=place)
        assert code == 0 and b"mark" in out, err
        told = await programs.run("ssh", "-A", vm_id, 'stat -c %a "$SSH_AUTH_SOCK"', SSH_AUTH_SOCK=place)
        assert told == (0, b"600\n", b"")
        assert await programs.run("ssh", vm_id, "echo $SSH_AUTH_SOCK", SSH_AUTH_SOCK=place) == (0, b"\n", b"")
    finally:
        agent.terminate()
        await agent.wait()
    assert not list(served.sandboxes.layout.sandbox(vm_id).temporary.glob("agent-*"))


async def test_openssh_programs_reach_every_vm(served: Served, short_root: Path) -> None:
    programs = Programs(served, short_root)
    vm_id = await served.create()
    await check_copies(programs, served, vm_id, short_root)
    await check_git(programs, served, vm_id, short_root)
    await check_forwards(programs, vm_id)
    await check_agent(programs, served, vm_id, short_root)
    later = await served.create()
    (served.home(later) / "mark").write_text(later)
    assert await programs.run("ssh", later, "cat mark") == (0, later.encode(), b"")
    link = served.sandboxes.layout.sandbox(later).key_link
    await served.sandboxes.destroy(later)
    assert not link.is_symlink()
    assert (await programs.run("ssh", later, "true"))[0] == 255
