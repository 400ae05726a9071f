"""Commands and files on a VM, by the scripts as its shell runs them: bounded, checked, whole or not at all."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any, cast

import pytest

from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.engine import remote_files as module
from cockpit.engine.on_vm import OUTPUT_BYTES, run_command
from cockpit.engine.remote_files import RemoteFiles
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import Refused
from cockpit.remote.ssh.command import Completed
from cockpit.remote.ssh.connection import Connection
from tests.engine.unit.parts import AGENT, Parts


class Shell:
    """A connection to this machine's shell; `after` is done after each script that carries a piece."""

    def __init__(self) -> None:
        self.link = self
        self.pieces = 0
        self.after: Any = None

    async def ready(self, timeout: float) -> Shell:
        """Be there."""
        return self

    async def run(
        self, script: str, *arguments: str, stdin: bytes = b"", timeout: float, shell: str = "sh", limit: int = 0
    ) -> Completed:
        """Run a script; a command that is no UTF-8 cannot be sent."""
        for argument in arguments:
            argument.encode()
        process = await asyncio.create_subprocess_exec(
            "sh", "-c", script, "sh", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, err = await process.communicate()
        if "dd bs=1" in script:
            self.pieces += 1
            if self.after is not None:
                self.after()
        return Completed(
            process.returncode, out[:limit] if limit else out, err, truncated=bool(limit and len(out) > limit)
        )


@pytest.fixture
def shell() -> Shell:
    """A connection."""
    return Shell()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """The agent's workspace."""
    made = tmp_path / "a workspace"
    made.mkdir()
    return made


def files(shell: Shell, workspace: Path) -> RemoteFiles:
    """Return what is tested."""
    paths = AgentPaths("/nowhere", str(workspace))
    return RemoteFiles(Parts().state, lambda agent: cast(AgentSession, shell), lambda agent: paths)


async def test_patterns_find_files_with_any_name_and_no_directories(shell: Shell, workspace: Path) -> None:
    for name in ("a b.md", "c.md", "line\nfeed.md", "d.txt", "-f.md"):
        (workspace / name).write_text(name)
    (workspace / "e.md").mkdir()
    found = await files(shell, workspace).matching(AGENT, "*.md")
    assert dict(found) == {"a b.md": 6, "c.md": 4, "line\nfeed.md": 12, "-f.md": 5}
    assert await files(shell, workspace).matching(AGENT, "$(touch hacked)") == ()
    assert not (workspace / "hacked").exists()


@pytest.mark.parametrize("name", [b"\xff\xfebad", b"end\n", b"-f", b"\\0101 %b %s", b"\x1b[31m", "\u00e4".encode()])
async def test_a_file_of_any_name_is_brought(shell: Shell, workspace: Path, tmp_path: Path, name: bytes) -> None:
    (workspace / os.fsdecode(name)).write_bytes(b"content")
    ((path, size),) = await files(shell, workspace).matching(AGENT, "*")
    assert (os.fsencode(path), size) == (name, 7)
    await files(shell, workspace).fetch(AGENT, path, tmp_path / "y")
    assert (tmp_path / "y").read_bytes() == b"content"


async def test_a_file_is_carried_in_pieces_and_an_attempt_goes_on_where_the_last_one_was(
    shell: Shell, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PIECE", 1000)
    content = bytes(range(256)) * 20
    (workspace / "x").write_bytes(content)
    (tmp_path / ".y.part").write_bytes(content[:4000])
    await files(shell, workspace).fetch(AGENT, "x", tmp_path / "y")
    assert (tmp_path / "y").read_bytes() == content and not (tmp_path / ".y.part").exists()
    assert shell.pieces == 2


async def test_a_file_that_changes_is_never_put_in_place_torn(
    shell: Shell, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PIECE", 1000)
    file = workspace / "x"
    file.write_bytes(b"a" * 3000)
    shell.after = lambda: file.write_bytes(bytes([98 + shell.pieces]) * 3000)
    with pytest.raises(Refused, match="changed while it was read"):
        await files(shell, workspace).fetch(AGENT, "x", tmp_path / "y")
    assert not (tmp_path / "y").exists() and not (tmp_path / ".y.part").exists()
    shell.after = None
    (tmp_path / ".y.part").write_bytes(b"of another file")
    await files(shell, workspace).fetch(AGENT, "x", tmp_path / "y")
    assert (tmp_path / "y").read_bytes() == file.read_bytes()


async def test_a_command_keeps_the_end_of_what_it_said_with_its_exit_code(shell: Shell, workspace: Path) -> None:
    connection = cast(Connection, shell)
    code, said, size = await run_command(connection, str(workspace), "pwd; echo no >&2; exit 7", 5.0)
    assert (code, said) == (7, f"{workspace}\nno\n") and size == len(said)
    code, said, size = await run_command(
        connection, str(workspace), f"yes | head -c {OUTPUT_BYTES + 10}; echo end", 5.0
    )
    assert code == 0 and len(said) == OUTPUT_BYTES and said.endswith("end\n") and size == OUTPUT_BYTES + 14
    with pytest.raises(Refused, match="was not run"):
        await run_command(connection, str(workspace / "absent"), "true", 5.0)
