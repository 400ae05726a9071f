"""Workspaces as the engine knows them: kept behind everything else, looked at, commented on, brought back.

The scripts run on this machine, as they would on a VM; there is no fleet.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from cockpit.engine.changes.acts import WorkActs
from cockpit.engine.changes.comments import NO_ANSWER, CommentDesk
from cockpit.engine.changes.turns import TurnKeeper
from cockpit.engine.changes.workspaces import Workspaces
from cockpit.engine.clock import Clock
from cockpit.engine.operation import OperationProgress
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import NotFound, Refused
from cockpit.model.changes.comments import Comment, CommentState
from cockpit.model.changes.report import Base, Since, no_line_because
from cockpit.model.codec import KINDS
from cockpit.model.commands.command import Command
from cockpit.model.commands.work import RestoreFiles
from cockpit.model.content import Block
from cockpit.model.events import MessageEnded, Record
from cockpit.model.fleet import (
    Agent,
)
from cockpit.model.ids import CommandId, OperationId
from cockpit.model.open_work import OpenTool
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.remote.ssh.command import Completed
from cockpit.store.store import Store
from tests.agents.workspace.machine import Machine, git
from tests.engine.unit.parts import AGENT, OTHER_AGENT, OTHER_VM, agent_on


class Here:
    """A connection to this machine, which can be held, and tells what it ran."""

    def __init__(self) -> None:
        self.ran = 0
        self.free = asyncio.Event()
        self.free.set()

    async def run(
        self, script: str, *words: str, stdin: bytes = b"", timeout: float, limit: int = 1 << 23
    ) -> Completed:
        """Run a script."""
        self.ran += 1
        await self.free.wait()
        pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
        process = await asyncio.create_subprocess_exec("sh", "-c", script, "sh", *words, **cast(Any, pipes))
        out, errors = await process.communicate(stdin)
        return Completed(process.returncode, out[:limit], errors, truncated=len(out) > limit)


class Session:
    """A session with an agent whose link is up."""

    def __init__(self, here: Here) -> None:
        self.here = here
        self.link = self

    async def ready(self, timeout: float) -> Here:
        """Return the connection."""
        return self.here

    def connection(self) -> Here:
        """Return the connection."""
        return self.here


class Rig:
    """Two agents with a workspace each, and the parts of the engine about them."""

    def __init__(self, place: Path, store: Store) -> None:
        self.state = FleetState(Clock(), "test")
        self.store = store
        self.machines = {AGENT: Machine.at(place / "one"), OTHER_AGENT: Machine.at(place / "two")}
        for agent in (agent_on(), agent_on(OTHER_VM, "other")):
            self.state.put_agent(agent)
        self.here = Here()
        self.ours = True
        self.sent: list[Command] = []
        self.refuses = ""
        self.workspaces = Workspaces(self.state, store, self.session, self.paths)
        self.comments = CommentDesk(self.state, store, self.workspaces, self.paths, self.dispatch)
        self.keeper = TurnKeeper(self.state, self.workspaces, self.session, self.paths, lambda agent: self.ours)

    def session(self, agent: object) -> AgentSession | None:
        """Return the session with either agent."""
        return cast(AgentSession, Session(self.here))

    def paths(self, agent: Agent) -> Any:
        """Return where an agent lives."""
        return self.machines[agent.id].paths

    def dispatch(self, command: Command) -> CommandId:
        """Take a command, or refuse it."""
        self.sent.append(command)
        command_id = CommandId(f"c{len(self.sent)}")
        stage = Stage.FAILED if self.refuses else Stage.WRITTEN
        self.state.put_receipt(Receipt(command_id, AGENT, "prompt", "", stage, 0.0, reason=self.refuses))
        return command_id

    @property
    def agent(self) -> Agent:
        """The first agent as it is now."""
        return self.state.agents[AGENT]

    async def kept(self) -> list[str]:
        """Return the kinds of what is kept of the first agent, once nothing is being kept."""
        await asyncio.gather(*self.keeper._tasks)
        return [one.kind for one in (await self.workspaces.look(AGENT, Base())).snapshots if one.place == "."]


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    """A rig whose first workspace is a repository."""
    store = await Store.open(tmp_path / "store.db")
    made = Rig(tmp_path, store)
    made.machines[AGENT].repository()
    yield made
    await store.close()


async def test_texts_and_ends_of_turns_are_kept_behind_everything_else(rig: Rig) -> None:
    rig.here.free.clear()
    rig.keeper.text_sent(rig.agent, "Do\nit")
    rig.keeper.text_sent(replace(rig.agent, run_open=True), "and that")
    assert rig.here.ran == 0, "it was done before the text went out"
    rig.here.free.set()
    assert await rig.kept() == ["prompt"]
    (rig.machines[AGENT].work / "new").write_text("1\n2\n")
    rig.keeper.run_ended(replace(rig.agent, turns=2, stop_reason="stop"))
    assert await rig.kept() == ["prompt", "end"]
    known = rig.agent.workspace
    assert known is not None and (known.branch, known.files, known.added) == ("main", 1, 2)
    rig.keeper.run_ended(replace(rig.agent, turns=3, stop_reason="stop"))
    rig.ours = False
    rig.keeper.run_ended(replace(rig.agent, turns=9, stop_reason="stop"))
    assert await rig.kept() == ["prompt", "end"], "a turn without a tool, or of another cockpit, was kept"


async def test_what_was_kept_while_a_tool_ran_is_what_was_there_before(rig: Rig) -> None:
    rig.keeper.run_ended(replace(rig.agent, turns=2, stop_reason="toolUse"))
    await rig.kept()
    rig.here.free.clear()
    rig.keeper.text_sent(rig.agent, "Go")
    tools = (OpenTool("t", "bash", "make", 0.0),)
    rig.state.put_agent(replace(rig.agent, activity=replace(rig.agent.activity, tools=tools)))
    (rig.machines[AGENT].work / "early").write_text("x\n")
    rig.here.free.set()
    await rig.kept()
    found = await rig.workspaces.look(AGENT, Base(Since.PROMPT))
    assert [file.new for one in found.repositories for file in one.files] == ["early"]


async def test_two_workspaces_differ_and_a_patch_of_one_fits_the_other(rig: Rig, tmp_path: Path) -> None:
    one, two = rig.machines[AGENT].work, rig.machines[OTHER_AGENT].work
    git(two.parent, "clone", "-q", str(one), "work")
    await rig.workspaces.look(AGENT, Base())
    (one / "kept").write_text("mine\n")
    (two / "own").write_text("theirs\n")
    found = await rig.workspaces.against(AGENT, OTHER_AGENT)
    told = [(file.status, file.new) for file in found.repositories[0].files]
    assert (found.against, told) == ("other", [("M", "kept"), ("D", "own")])
    base = Base(Since.COMMIT, "HEAD")
    await rig.workspaces.apply_patch(AGENT, base, ".", two, only_check=True)
    assert (two / "kept").read_text() == "a\nb\nc\n"
    await rig.workspaces.apply_patch(AGENT, base, ".", two)
    assert (two / "kept").read_text() == "mine\n"
    with pytest.raises(Refused, match="does not fit"):
        await rig.workspaces.apply_patch(AGENT, base, ".", two)
    with pytest.raises(NotFound, match="not the top of a git checkout"):
        await rig.workspaces.apply_patch(AGENT, base, ".", tmp_path)
    assert await rig.workspaces.save_patch(AGENT, base, ".", tmp_path / "a.patch") > 100
    with pytest.raises(Refused, match="is there already"):
        await rig.workspaces.save_patch(AGENT, base, ".", tmp_path / "a.patch")
    with pytest.raises(Refused, match=r"no repository \./nowhere"):
        await rig.workspaces.patch(AGENT, base, "./nowhere")


async def test_what_cannot_be_looked_at_is_said(rig: Rig) -> None:
    work = rig.machines[AGENT].work
    await asyncio.to_thread(work.rename, work.with_name("elsewhere"))
    with pytest.raises(Refused, match=r"there is no workspace at .*work"):
        await rig.workspaces.look(AGENT, Base())
    with pytest.raises(NotFound):
        await rig.workspaces.look(cast(Any, "nobody"), Base())


async def test_a_round_is_one_message_and_each_comment_is_followed(rig: Rig) -> None:
    place = rig.machines[AGENT].work
    (place / "kept").write_text("a\nB\nc\nd\n")
    (one,) = [one for one in (await rig.workspaces.look(AGENT, Base())).repositories if one.place == "."]
    for line, quoted, note in ((2, "B", "Lower case."), (4, "d", "Why?"), (3, "c", "Keep it.")):
        await rig.comments.add(AGENT, Comment(".", "kept", line, quoted, one.now, note))
    await rig.comments.remove(AGENT, 3)
    with pytest.raises(Refused, match="no text"):
        await rig.comments.add(AGENT, Comment(".", "kept", 1, "a", one.now, "  "))
    rig.refuses = "its process is dead"
    with pytest.raises(Refused, match="its process is dead"):
        await rig.comments.send(AGENT, "steer")
    rig.refuses = ""
    first, second = await asyncio.gather(
        rig.comments.send(AGENT, "steer"), rig.comments.send(AGENT, "steer"), return_exceptions=True
    )
    assert isinstance(first, str) and isinstance(second, Refused) and len(rig.sent) == 2, "it was sent twice"
    command = CommandId(first)
    text = getattr(rig.sent[-1], "text", "")
    assert type(rig.sent[-1]).__name__ == "Steer" and text.count("> ") == 2 and "C1 kept:2" in text
    with pytest.raises(Refused, match="no comment to send"):
        await rig.comments.send(AGENT, "prompt")
    with pytest.raises(Refused, match="C1 was sent"):
        await rig.comments.remove(AGENT, 1)
    (place / "kept").write_text("new\na\nB\nc\nD\n")
    states = {known.number: (known.state, known.line_now) for known in await rig.comments.of(AGENT, look=True)}
    assert states == {1: (CommentState.OPEN, 3), 2: (CommentState.OUTDATED, None)}
    receipt = rig.state.receipts[command]
    rig.state.put_receipt(replace(receipt, stage=Stage.FAILED))
    assert next(iter(await rig.comments.of(AGENT))).state is CommentState.DRAFT, "it never arrived"
    rig.state.put_receipt(receipt)
    assert set(KINDS) >= NO_ANSWER, "what is left out is no kind of record"
    await rig.store.begin_epoch(AGENT, "file", "", 0.0)
    said = MessageEnded("assistant", (Block("text", "Done.\n\nhandled C1"),))
    await rig.store.append(AGENT, [Record(AGENT, 1, 1, 0, 9, 1.0, said)], None)
    found = {known.number: known for known in await rig.comments.of(AGENT)}
    assert (found[1].handled_by, found[2].state) == ("the agent", CommentState.OUTDATED)
    await rig.comments.handle(AGENT, 2)
    with pytest.raises(NotFound, match="there are: C1, C2"):
        await rig.comments.handle(AGENT, 7)
    added = await rig.comments.add(AGENT, Comment(".", "k\udcff", 1, "x", one.now, "n"))
    assert added.number == 4, "a number was given twice"
    assert (await rig.comments.of(AGENT))[-1].path == "k\udcff"


async def test_a_state_is_brought_back_and_what_does_not_go_is_named(rig: Rig) -> None:
    work = rig.machines[AGENT].work
    rig.machines[AGENT].keep()
    key = (await rig.workspaces.look(AGENT, Base())).snapshots[0].key
    (work / "kept").write_text("changed\n")
    acts = WorkActs(rig.state, rig.paths, rig.session)
    progress = OperationProgress(rig.state, OperationId("o"), "restore files", "builder")
    await acts.carry_out(RestoreFiles(AGENT, key), progress)
    assert (work / "kept").read_text() == "a\nb\nc\n"
    parts = {part.target: part for part in progress.operation.parts}
    assert parts["."].outcome == "restored" and parts["."].output.endswith("-safety")
    with pytest.raises(Refused, match="there is no snapshot 1-end"):
        await acts.carry_out(RestoreFiles(AGENT, "1-end"), progress)


async def test_without_git_sizes_times_and_digests_are_known(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = rig.machines[AGENT].work.with_name("programs")
    programs.mkdir()
    for name in ("sh", "find", "tr", "wc", "xargs", "stat", "sha256sum", "cut", "mktemp", "rm", "mkdir", "date", "cat"):
        program = shutil.which(name)
        assert program is not None
        (programs / name).symlink_to(program)
    monkeypatch.setenv("PATH", str(programs))
    work = rig.machines[AGENT].work
    rig.keeper.text_sent(rig.agent, "Go")
    await asyncio.gather(*rig.keeper._tasks)
    (work / "kept").write_text("longer than it was\n")
    (work / "new\nname").write_text("x")
    rig.keeper.run_ended(replace(rig.agent, turns=2, stop_reason="toolUse"))
    await asyncio.gather(*rig.keeper._tasks)
    found = await rig.workspaces.look(AGENT, Base())
    told = {file.new: (file.status, file.sizes) for file in found.repositories[0].files}
    assert told == {"kept": ("M", (6, 19)), "new\nname": ("A", (0, 1))}
    assert "git is not there" in no_line_because(found.repositories[0], found.repositories[0].files[0])
    known = rig.agent.workspace
    assert known is not None and known.files == 2
    await rig.workspaces.looked(found)
    assert (await rig.workspaces.look(AGENT, Base(Since.LOOKED))).files == 0
    with pytest.raises(Refused, match="git is not there"):
        await rig.workspaces.look(AGENT, Base(Since.COMMIT, "HEAD"))
    with pytest.raises(Refused, match="git is not there"):
        await rig.workspaces.patch(AGENT, Base(), ".")
