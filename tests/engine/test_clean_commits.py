"""A commit without keys: nothing leaves a VM that could not be put back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cockpit.agents.scaffold.key_files import (
    LIST_KEY_FILES,
    PUT_KEY_FILES_BACK,
    READ_KEY_FILES,
    REMOVE_KEY_FILES,
)
from cockpit.engine.commands.clean_commit import CleanCommits, taken_out
from cockpit.engine.commands.spawn import Spawner
from cockpit.engine.operation import OperationProgress
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import Refused
from cockpit.model.commands.life import Destroy, Relaunch
from cockpit.model.commands.vm import Commit
from cockpit.model.fleet import Process, ProcessState
from cockpit.model.ids import OperationId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import is_ended
from cockpit.remote.ssh.command import Completed
from tests.engine.unit.connection import FakeConnection, Ran, answer
from tests.engine.unit.parts import AGENT, VM, Parts
from tests.engine.unit.test_keeping import changes, done


class Restarts:
    """Starts agents again, and counts."""

    def __init__(self) -> None:
        self.count = 0

    async def start_again(self, *_: object, **__: object) -> None:
        """Start one."""
        self.count += 1


@pytest.mark.parametrize("undo", [False, True])
async def test_key_files_that_lie_here_go_with_a_vm_for_good_and_are_named_otherwise(
    undo: bool, tmp_path: Path
) -> None:
    parts = Parts()
    parts.memory.path = tmp_path / "history"
    file = taken_out(parts.store.path) / f"{VM}.tar.base64"
    file.parent.mkdir()
    file.write_text("secret")
    receipt = await done(parts, parts.dispatcher(parts.agent_sessions()), Destroy(VM, undo=undo))
    assert receipt.stage is Stage.DONE, receipt
    assert file.exists() is undo
    assert [str(file) in said for said in parts.state.findings] == [True] * undo
    parts.state.findings.clear()
    await parts.upkeep().find_out()
    assert [str(file) in said for said in parts.state.findings] == [True] * undo


async def test_key_files_that_are_too_large_to_be_carried_stay_where_they_are() -> None:
    parts, connection, restarts = Parts(), FakeConnection(), Restarts()

    async def script(ran: Ran) -> Completed:
        if ran.script == READ_KEY_FILES:
            return Completed(0, b"the beginning of an archive", b"", truncated=True)
        return Completed(0, b".claude.json\n", b"") if ran.script == LIST_KEY_FILES else answer(stopped="1")

    connection.script = script

    async def ready(timeout: float) -> Any:
        return connection

    session = cast(AgentSession, SimpleNamespace(link=SimpleNamespace(ready=ready)))
    spawner = cast(Spawner, restarts)
    commits = CleanCommits(parts.state, parts.store, parts.source(), parts.keeping(), spawner, lambda agent: session)
    progress = OperationProgress(parts.state, OperationId("o"), "commit", "builder")
    with pytest.raises(Refused, match="more than 8 MiB"):
        await commits.commit(Commit(VM, clean=True), progress)
    assert REMOVE_KEY_FILES not in [ran.script for ran in connection.ran]
    assert changes(parts) == [] and restarts.count == 1
    assert not list(taken_out(parts.store.path).glob("*"))


async def test_who_is_relaunched_while_it_is_committed_gets_no_keys_back_before_the_commit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    parts, connection, restarts = Parts(), FakeConnection(), Restarts()
    parts.memory.path = tmp_path / "history"
    meanwhile: list[Receipt] = []

    def ran(script: str) -> bool:
        return script in [known.script for known in connection.ran]

    async def script(given: Ran) -> Completed:
        if given.script == LIST_KEY_FILES:
            return Completed(0, b"" if ran(REMOVE_KEY_FILES) else b".claude.json\n", b"")
        return Completed(0, b"archive", b"") if given.script == READ_KEY_FILES else answer(stopped="1")

    async def ready(timeout: float) -> Any:
        return connection

    async def relaunch() -> None:
        parts.state.put_agent(replace(parts.agent, process=Process(ProcessState.DEAD)))
        ordered = dispatcher.dispatch(Relaunch(AGENT))
        await parts.state.until(lambda: is_ended(parts.state.receipts[ordered]), 30.0)
        meanwhile.append(parts.state.receipts[ordered])
        assert not ran(PUT_KEY_FILES_BACK)

    connection.script = script
    parts.vers.wait["commit"] = relaunch
    sessions = parts.agent_sessions()
    session = SimpleNamespace(link=SimpleNamespace(ready=ready))
    monkeypatch.setattr(sessions, "agent_session", lambda agent: session)
    monkeypatch.setattr(Spawner, "start_again", restarts.start_again)
    dispatcher = parts.dispatcher(sessions)
    receipt = await done(parts, dispatcher, Commit(VM, clean=True))
    assert receipt.stage is Stage.DONE, receipt
    assert [(one.stage, "is under way" in one.reason) for one in meanwhile] == [(Stage.FAILED, True)]
    assert ran(PUT_KEY_FILES_BACK) and restarts.count == 1
