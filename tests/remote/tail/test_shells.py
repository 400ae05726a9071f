"""The reading script under other shells and tools than GNU's."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.remote.ssh.connection import Connection
from cockpit.remote.tail.events import LastBytes, TailMissing, TailReset
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.reading import Reading
from tests.remote.sshd import Sshd
from tests.remote.tail.test_tail import append, lines, rewrite
from tests.remote.waiting import until
from tests.requirements import require_program

TOOLS = (
    "cat",
    "chmod",
    "dd",
    "head",
    "mktemp",
    "mv",
    "rm",
    "sha256sum",
    "sleep",
    "stat",
    "tail",
    "tr",
    "wc",
    "grep",
    "ls",
)


@pytest.fixture(params=["dash", "bash", "no tail", "busybox", "busybox tools under bash"])
def tools(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A PATH with one shell as `sh` and one set of tools."""
    directory = tmp_path / "bin"
    directory.mkdir()
    kind: str = request.param
    shell = {"busybox": "busybox", "bash": "bash", "busybox tools under bash": "bash"}.get(kind, "dash")
    (directory / "sh").symlink_to(require_program(shell))
    for tool in TOOLS:
        if kind == "no tail" and tool == "tail":
            continue
        (directory / tool).symlink_to(require_program("busybox" if kind.startswith("busybox") else tool))
    (directory / "bash").symlink_to(shutil.which("bash") or "/bin/sh")
    return directory


@pytest.fixture
async def connection(tools: Path, tmp_path: Path) -> AsyncIterator[Connection]:
    server = Sshd(tmp_path / "sshd", f"SetEnv PATH={tools}")
    server.start()
    connection = Connection(server.endpoint(), server.private_key, MemoryHostKeys())
    await connection.connect()
    yield connection
    await connection.close()
    server.stop()


async def test_every_fault_under_every_shell(connection: Connection, tools: Path, tmp_path: Path) -> None:
    path = tmp_path / "out"
    reading = Reading()
    found = (await connection.run("command -v sleep", timeout=10)).stdout.decode()
    assert found.startswith(str(tools)) or found == "sleep\n", "the prepared tools are used, or busybox's own"
    reading.start(connection, str(path))
    await until(lambda: TailMissing("absent") in reading.events)
    path.write_bytes(lines(0, 300))
    await reading.wait_for(lines(0, 300))
    append(path, lines(300, 10) + b"half")
    await reading.wait_for(lines(0, 310) + b"half")
    append(path, b" line\n")
    await reading.wait_for(lines(0, 310) + b"half line\n")

    first = lines(0, 310) + b"half line\n"
    rewrite(path, lines(1000, 20))
    await reading.wait_for(lines(1000, 20))
    new = tmp_path / "new"
    new.write_bytes(lines(2000, 100))
    append(path, lines(1020, 5))
    new.replace(path)
    await reading.wait_for(lines(2000, 100))
    path.unlink()
    path.write_bytes(lines(3000, 400))
    await reading.wait_for(lines(3000, 400))
    # Of a file that is rewritten before it was checked once more, what was read since the last check is doubtful.
    assert first.startswith(bytes(reading.epochs[0]))
    assert [bytes(epoch) for epoch in reading.epochs[1:]] == [lines(1000, 25), lines(2000, 100), lines(3000, 400)]

    await reading.stop()
    append(path, lines(3400, 5))
    reading.start(connection, str(path), polling=0.2)
    await reading.wait_for(lines(3000, 405))
    assert len(reading.of(TailReset)) == 3
    await reading.stop()

    late = Reading()
    late.start(connection, str(path), start=LastBytes(300))
    await until(lambda: bool(late.epochs) and late.epochs[-1].endswith(lines(3404, 1)))
    assert len(late.epochs[-1]) <= 300 and late.epochs[-1].startswith(b"line")
    await late.stop()


async def test_nothing_stays_behind_under_any_shell(connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(lines(0, 10))
    reading = Reading()
    reading.start(connection, str(path))
    await reading.wait_for(lines(0, 10))
    await reading.stop()
    await until(lambda: not Sshd.readers(path), within=4)
