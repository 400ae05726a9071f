"""Files of agents carried both ways, by the scripts as a shell runs them: checked, resumed, whole or not at all."""

from __future__ import annotations

import asyncio
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.engine.files import course as course_module
from cockpit.engine.files.agent_files import AgentFiles
from cockpit.engine.files.local import part_name
from cockpit.engine.on_vm import OUTPUT_BYTES, run_command
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import CockpitError, Refused
from cockpit.model.files.editing import WriteBack
from cockpit.model.files.entries import FileKind
from cockpit.model.files.transfer import Carriage, Direction, Transfer, TransferState
from cockpit.remote.errors import Dropped
from cockpit.remote.files import pace
from cockpit.remote.files.scripts import APPEND, PLACE, READ
from cockpit.remote.ssh.command import Completed
from cockpit.remote.ssh.connection import Connection
from tests.engine.unit.parts import AGENT, Parts

HOSTILE = (b"\xff\xfebad", b"end\n", b"-f", b"\\0101 %b %s", b"\x1b[31m", "\u00e4".encode(), b" ", b"...")
"""Names that an agent may give a file."""


class Shell:
    """A connection to this machine's shell; `before` is done before each script and may raise."""

    def __init__(self) -> None:
        self.link = self
        self.ran: list[str] = []
        self.now = self.most = 0
        """Scripts that run at the same time, now and at most."""
        self.before: Callable[[str], None] = lambda script: None
        self.connected = True
        self.close_reason = None
        self.endpoint = "the test"

    async def ready(self, timeout: float) -> Shell:
        """Be there."""
        return self

    async def open_sftp(self, wait: float) -> None:
        """Have none."""

    async def run(
        self,
        script: str,
        *arguments: str,
        stdin: bytes = b"",
        timeout: float,
        shell: str = "sh",
        limit: int = 0,
        heard: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """Run a script; a command that is no UTF-8 cannot be sent."""
        self.before(script)
        await asyncio.sleep(0)  # who was cancelled by that is so now, and not while a process is being made
        self.ran.append(script)
        self.now += 1
        self.most = max(self.most, self.now)
        for argument in arguments:
            argument.encode()
        process = await asyncio.create_subprocess_exec(
            "sh",
            "-c",
            script,
            "sh",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate(stdin)
        if heard is not None:
            heard(out)
        self.now -= 1
        return Completed(
            process.returncode, out[:limit] if limit else out, err, truncated=bool(limit and len(out) > limit)
        )

    def count(self, script: str) -> int:
        """Return how often a script was run."""
        return self.ran.count(script)


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A connection, over which small pieces go."""
    for name, size in (("FIRST", 1000), ("LEAST", 1000), ("MOST", 1000)):
        monkeypatch.setattr(pace, name, size)
    monkeypatch.setattr(course_module, "PAUSE", 0.001)
    return Shell()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """The agent's workspace."""
    made = tmp_path / "a workspace"
    made.mkdir()
    return made


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A directory of the operator."""
    made = tmp_path / "here"
    made.mkdir()
    return made


def files(shell: Shell, workspace: Path) -> AgentFiles:
    """Return what is tested."""
    paths = AgentPaths("/nowhere", str(workspace))
    return AgentFiles(Parts().state, lambda agent: cast(AgentSession, shell), lambda agent: paths)


async def carried(made: AgentFiles, way: Direction, remote: str, local: Path, *, replace: bool = False) -> Transfer:
    """Carry out an order and return how it ended."""
    return await made.wait(made.begin(Carriage(way, AGENT, remote, local, replace)))


async def got(made: AgentFiles, remote: str, local: Path, *, replace: bool = False) -> Transfer:
    return await carried(made, Direction.GET, remote, local, replace=replace)


def parts_in(place: Path) -> list[Path]:
    return list(place.rglob(".cockpit-*"))


def content_of(path: Path) -> bytes:
    return path.read_bytes()


async def test_a_workspace_that_comes_later_is_found_over_the_same_connection(shell: Shell, workspace: Path) -> None:
    made = files(shell, workspace)
    await asyncio.to_thread(workspace.rmdir)
    with pytest.raises(Refused, match="workspace, which is not there"):
        await made.listing(AGENT)
    await asyncio.to_thread(workspace.mkdir)
    (workspace / "first").write_text("x")
    assert [entry.name for entry in (await made.listing(AGENT)).entries] == ["first"]


async def test_patterns_find_files_with_any_name_and_no_directories(shell: Shell, workspace: Path) -> None:
    for name in ("a b.md", "c.md", "line\nfeed.md", "d.txt", "-f.md"):
        (workspace / name).write_text(name)
    (workspace / "e.md").mkdir()
    found = await files(shell, workspace).matching(AGENT, "*.md")
    assert dict(found) == {"a b.md": 6, "c.md": 4, "line\nfeed.md": 12, "-f.md": 5}
    assert await files(shell, workspace).matching(AGENT, "$(touch hacked)") == ()
    assert not (workspace / "hacked").exists()


async def test_a_tree_with_any_names_is_brought_and_says_what_it_left_out(
    shell: Shell, workspace: Path, here: Path
) -> None:
    made = files(shell, workspace)
    tree = workspace / "tree"
    (tree / "sub" / "empty").mkdir(parents=True)
    for name in HOSTILE:
        (tree / os.fsdecode(name)).write_bytes(b"content of " + name)
        (tree / "sub" / os.fsdecode(name)).write_bytes(b"below")
    (tree / "sub" / "run").write_bytes(b"#!")
    (tree / "sub" / "run").chmod(0o4755)
    (tree / "out").symlink_to("/etc")
    (tree / "loop").symlink_to("loop")
    os.mkfifo(tree / "fifo")
    (here / "tree" / "sub").mkdir(parents=True)
    (here / "elsewhere").write_bytes(b"mine")
    (here / "tree" / "-f").symlink_to(here / "elsewhere")  # a link that stands here already

    transfer = await got(made, "tree", here, replace=True)
    assert transfer.state is TransferState.PARTIAL, transfer
    left_out = {one.path: one.why for one in transfer.left_out}
    assert set(left_out) == {"out", "loop", "fifo"} and "link" in left_out["out"] and "FIFO" in left_out["fifo"]
    for name in HOSTILE:
        assert content_of(here / "tree" / os.fsdecode(name)) == b"content of " + name
        assert content_of(here / "tree" / "sub" / os.fsdecode(name)) == b"below"
    assert content_of(here / "elsewhere") == b"mine", "the link was followed"
    assert stat.S_IMODE((here / "tree" / "sub" / "run").stat().st_mode) & ~0o022 == 0o755, "no set-user-id"
    assert (here / "tree" / "sub" / "empty").is_dir()
    assert (transfer.files, transfer.of_files) == (17, 17) and transfer.done == transfer.total
    assert not parts_in(here)
    again = await got(made, "tree", here)
    assert again.same == 17, "what is there is not carried again"
    assert shell.most <= 3, "prompts and looks at the agent would wait for a channel"


async def test_no_link_here_leads_a_tree_elsewhere(shell: Shell, workspace: Path, here: Path, tmp_path: Path) -> None:
    (workspace / "tree" / "sub").mkdir(parents=True)
    (workspace / "tree" / "sub" / "x").write_text("hostile")
    (workspace / "tree" / "fine").write_text("fine")
    (tmp_path / "outside").mkdir()
    (here / "tree").mkdir()
    (here / "tree" / "sub").symlink_to(tmp_path / "outside")
    transfer = await got(files(shell, workspace), "tree", here, replace=True)
    assert not list((tmp_path / "outside").iterdir())
    assert content_of(here / "tree" / "fine") == b"fine"
    assert transfer.state is TransferState.PARTIAL and {one.path for one in transfer.left_out} == {"sub", "sub/x"}


@pytest.mark.parametrize("wrong", [b"..", b".", b"a/b", b"/etc/x"])
async def test_a_listing_with_a_path_for_a_name_makes_nothing(
    shell: Shell, workspace: Path, here: Path, wrong: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cockpit.remote.files.port import DirectoryEntry, Entries, Status
    from cockpit.remote.files.shell import ShellFiles

    async def hostile(self: ShellFiles, path: bytes, limit: int) -> Entries:
        return Entries((DirectoryEntry(wrong, Status(stat.S_IFREG | 0o644, 4, 1)),), 1)

    monkeypatch.setattr(ShellFiles, "entries", hostile)
    transfer = await got(files(shell, workspace), "", here / "tree")
    assert [one.path for one in transfer.left_out] == [wrong.decode()] and not list((here / "tree").iterdir())


async def test_a_file_is_brought_over_drops_and_what_is_there_is_not_carried_again(
    shell: Shell, workspace: Path, here: Path
) -> None:
    made = files(shell, workspace)
    content = os.urandom(9_500)
    (workspace / "x").write_bytes(content)
    due = [3]

    def drop(script: str) -> None:
        if script == READ and shell.count(READ) == due[0]:
            due[0] += 4
            shell.ran.append(READ)
            raise Dropped("the link was cut")

    shell.before = drop
    transfer = await got(made, "x", here / "y")
    assert transfer.state is TransferState.DONE and content_of(here / "y") == content, transfer
    assert due[0] > 5, "it was never cut"
    assert shell.count(READ) < 19, "it began anew each time"


async def test_what_an_earlier_attempt_brought_is_used_only_if_it_is_its_beginning(
    shell: Shell, workspace: Path, here: Path
) -> None:
    made = files(shell, workspace)
    content = os.urandom(5000)
    (workspace / "x").write_bytes(content)
    part = here / part_name(b"y")
    part.write_bytes(content[:4000])
    assert (await got(made, "x", here / "y")).state is TransferState.DONE
    assert content_of(here / "y") == content and shell.count(READ) == 1 and not part.exists()
    (here / "y").unlink()
    part.write_bytes(b"of another version" * 200)
    assert (await got(made, "x", here / "y")).state is TransferState.DONE
    assert content_of(here / "y") == content
    transfer = await got(made, "x", here / "y")
    assert transfer.same == 1
    (here / "y").write_bytes(b"mine")
    transfer = await got(made, "x", here / "y")
    assert transfer.state is TransferState.FAILED and "--force" in transfer.reason
    assert content_of(here / "y") == b"mine"


async def test_a_file_that_changes_is_never_put_in_place_torn(shell: Shell, workspace: Path, here: Path) -> None:
    file = workspace / "x"
    file.write_bytes(b"a" * 3000)

    def change(script: str) -> None:
        if script == READ:
            content = bytes([98 + len(shell.ran) % 20]) * 3000
            file.write_bytes(content)
            os.utime(file, (len(shell.ran), len(shell.ran)))

    shell.before = change
    transfer = await got(files(shell, workspace), "x", here / "y")
    assert transfer.state is TransferState.FAILED and "changed while it was read" in transfer.reason
    assert not (here / "y").exists()
    shell.before = lambda script: None
    assert (await got(files(shell, workspace), "x", here / "y")).state is TransferState.DONE
    assert content_of(here / "y") == content_of(file)


async def test_a_tree_is_taken_over_drops_with_its_modes(shell: Shell, workspace: Path, here: Path) -> None:
    made = files(shell, workspace)
    (here / "tree" / "sub").mkdir(parents=True)
    content = os.urandom(700)
    for name in HOSTILE[:3]:
        (here / "tree" / "sub" / os.fsdecode(name)).write_bytes(content)
    (here / "tree" / "run").write_bytes(b"#!")
    (here / "tree" / "run").chmod(0o755)
    (here / "tree" / "out").symlink_to("/etc/passwd")
    os.mkfifo(here / "tree" / "fifo")

    def drop(script: str) -> None:
        if script in (APPEND, PLACE) and len(shell.ran) % 13 == 0:
            shell.ran.append("cut")
            raise Dropped("the link was cut")

    shell.before = drop
    transfer = await carried(made, Direction.PUT, "", here / "tree")
    assert transfer.state is TransferState.PARTIAL and {one.path for one in transfer.left_out} == {"out", "fifo"}
    assert shell.count("cut")
    for name in HOSTILE[:3]:
        assert content_of(workspace / "tree" / "sub" / os.fsdecode(name)) == content
    assert stat.S_IMODE((workspace / "tree" / "run").stat().st_mode) == 0o755
    assert not parts_in(workspace)
    assert (await carried(made, Direction.PUT, "", here / "tree")).same == 3 + 1
    (workspace / "tree" / "run").write_bytes(b"the agent's")
    transfer = await carried(made, Direction.PUT, "tree/run", here / "tree" / "run")
    assert transfer.state is TransferState.FAILED and "--force" in transfer.reason
    assert content_of(workspace / "tree" / "run") == b"the agent's"


async def test_a_transfer_that_is_cancelled_goes_on_later(shell: Shell, workspace: Path, here: Path) -> None:
    made = files(shell, workspace)
    content = os.urandom(2_500)
    (here / "x").write_bytes(content)
    order = Carriage(Direction.PUT, AGENT, "", here / "x")
    transfer_id = made.begin(order)

    def cancel(script: str) -> None:
        if shell.count(APPEND) == 5:
            made.cancel(transfer_id)

    shell.before = cancel
    transfer = await made.wait(transfer_id)
    assert transfer.state is TransferState.CANCELLED and 0 < transfer.done < 2_500
    assert not (workspace / "x").exists()
    shell.before, before = lambda script: None, shell.count(APPEND)
    assert (await made.wait(made.begin(order))).state is TransferState.DONE
    assert content_of(workspace / "x") == content and shell.count(APPEND) - before < 8, "it began anew"


async def test_an_edited_file_is_written_back_only_if_nobody_changed_it(
    shell: Shell, workspace: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(here))
    made = files(shell, workspace)
    file = workspace / "notes.py"
    file.write_text("one\n")
    file.chmod(0o640)
    edited = await made.check_out(AGENT, "notes.py")
    assert edited.local.read_text() == "one\n" and edited.local.name == "notes.py"
    assert stat.S_IMODE(edited.local.stat().st_mode) == 0o600
    assert stat.S_IMODE(edited.local.parent.stat().st_mode) == 0o700
    assert (await made.write_back(edited)).outcome is WriteBack.UNCHANGED and not edited.local.parent.exists()

    edited = await made.check_out(AGENT, "notes.py")
    edited.local.write_text("mine\n")
    assert (await made.write_back(edited)).outcome is WriteBack.WRITTEN
    assert file.read_text() == "mine\n" and stat.S_IMODE(file.stat().st_mode) == 0o640
    assert not edited.local.parent.exists()

    edited = await made.check_out(AGENT, "notes.py")
    edited.local.write_text("mine, again\n")
    before = file.stat()
    file.write_text("othr\n")
    os.utime(file, (before.st_atime, before.st_mtime))  # of the same size and time
    ended = await made.write_back(edited)
    assert ended.outcome is WriteBack.CONFLICT and file.read_text() == "othr\n"
    assert ended.theirs is not None and ended.theirs.read_text() == "othr\n"
    assert edited.local.read_text() == "mine, again\n", "what was edited is lost"
    edited.local.write_text("merged\n")
    assert (await made.write_back(ended.checked_out)).outcome is WriteBack.WRITTEN
    assert file.read_text() == "merged\n"

    fresh = await made.check_out(AGENT, "new")
    fresh.local.write_text("new\n")
    (workspace / "new").write_text("theirs\n")
    assert (await made.write_back(fresh)).outcome is WriteBack.CONFLICT and (
        workspace / "new"
    ).read_text() == "theirs\n"
    (workspace / "binary").write_bytes(b"\0\1")
    with pytest.raises(Refused, match="binary"):
        await made.check_out(AGENT, "binary")
    with pytest.raises(CockpitError, match="another kind"):
        os.mkfifo(workspace / "fifo")
        await made.check_out(AGENT, "fifo")


async def test_directories_pages_and_searches(shell: Shell, workspace: Path) -> None:
    made = files(shell, workspace)
    (workspace / "b").mkdir()
    (workspace / "a.txt").write_text("l\u00efne\n" * 60_000)
    (workspace / "link").symlink_to("b")
    (workspace / "latin").write_bytes(b"caf\xe9\n")
    (workspace / "utf16").write_bytes("z\u00e4hl".encode("utf-16"))
    (workspace / "zero").write_bytes(bytes(40))
    listing = await made.listing(AGENT)
    assert [(entry.name, entry.kind, entry.target) for entry in listing.entries][:3] == [
        ("b", FileKind.DIRECTORY, ""),
        ("a.txt", FileKind.FILE, ""),
        ("latin", FileKind.FILE, ""),
    ]
    assert {entry.name: entry.target for entry in listing.entries}["link"] == "b"
    assert listing.path == str(workspace) and not listing.cut
    assert (await made.listing(AGENT, "link/..")).path == str(workspace)
    first = await made.page(AGENT, "a.txt")
    second = await made.page(AGENT, "a.txt", first.end)
    assert first.text.endswith("l\u00efne\n") and not first.whole and first.end < first.size == second.end
    assert first.text + second.text == "l\u00efne\n" * 60_000
    assert (await made.page(AGENT, "latin")).text == "caf\u00e9\n"
    assert (await made.page(AGENT, "utf16")).text == "z\u00e4hl"
    assert (await made.page(AGENT, "zero")).encoding == ""
    found = await made.holding(AGENT, "", "caf", ignore_case=False)
    assert [(hit.path, hit.line) for hit in found.hits] == [("latin", 1)]
    assert [hit.path for hit in (await made.named(AGENT, "", "UTF")).hits] == ["utf16"]
    with pytest.raises(CockpitError, match="no such file"):
        await made.page(AGENT, "absent")


async def test_a_command_keeps_the_end_of_what_it_said_with_its_exit_code(shell: Shell, workspace: Path) -> None:
    connection = cast(Connection, cast(Any, shell))
    code, said, size = await run_command(connection, str(workspace), "pwd; echo no >&2; exit 7", 5.0)
    assert (code, said) == (7, f"{workspace}\nno\n") and size == len(said)
    code, said, size = await run_command(
        connection, str(workspace), f"yes | head -c {OUTPUT_BYTES + 10}; echo end", 5.0
    )
    assert code == 0 and len(said) == OUTPUT_BYTES and said.endswith("end\n") and size == OUTPUT_BYTES + 14
    with pytest.raises(Refused, match="was not run"):
        await run_command(connection, str(workspace / "absent"), "true", 5.0)
