"""A commit without keys: nothing leaves a VM that could not be put back."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cockpit.agents.scaffold.key_files import LIST_KEY_FILES, READ_KEY_FILES, REMOVE_KEY_FILES
from cockpit.engine.commands.clean_commit import CleanCommits, taken_out
from cockpit.engine.commands.spawn import Spawner
from cockpit.engine.operation import OperationProgress
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import Refused
from cockpit.model.commands import Commit, Destroy
from cockpit.model.ids import OperationId
from cockpit.model.receipts.receipt import Stage
from cockpit.remote.ssh.command import Completed
from tests.engine.unit.connection import FakeConnection, Ran, answer
from tests.engine.unit.parts import VM, Parts
from tests.engine.unit.test_keeping import changes, done


class Restarts:
    """Starts agents again, and counts."""

    def __init__(self) -> None:
        self.count = 0

    async def start_again(self, *_: object) -> None:
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
