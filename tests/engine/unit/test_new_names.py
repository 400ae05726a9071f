"""What names an agent follows when it is renamed; what does not follow is said."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cockpit.model.board import Task
from cockpit.model.commands.life import Rename
from cockpit.model.comparison import candidates_of
from cockpit.model.fleet import Power, Vm
from cockpit.model.ids import TaskId
from cockpit.model.receipts.receipt import Stage
from cockpit.remote.ssh.command import Completed
from cockpit.services.errors import ServiceUnreachable
from tests.engine.unit.connection import Ran
from tests.engine.unit.parts import AGENT, OTHER_AGENT, OTHER_VM, VM, Connections, Parts, agent_on
from tests.engine.unit.test_keeping import done

TASKS = (Task(TaskId("t1"), "mine", "open", assignee="builder"), Task(TaskId("t2"), "not", "open", assignee="eve"))


def silent_registry(parts: Parts) -> None:
    """Have a board, and a registry that does not answer: a rename does not wait for it."""
    assert parts.board is not None
    parts.board.tasks = TASKS
    parts.registry.error = ServiceUnreachable("no answer")


async def test_tasks_identity_file_and_the_labels_of_copies_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    parts, connections = Parts(), Connections(monkeypatch)
    silent_registry(parts)
    parts.state.put_vm(Vm(OTHER_VM, Power.RUNNING))
    copy = replace(agent_on(OTHER_VM, "builder-2"), labels=("x", "best-of-builder"))
    parts.state.put_agent(copy)
    parts.remember(OTHER_VM, "builder-2")
    sessions = parts.agent_sessions()
    sessions.record = False
    session = sessions.attach(parts.agent)
    assert session.link is not None
    await session.link.ready(5.0)
    written: list[bytes] = []
    file = {"vmId": VM, "agentId": "builder", "maxDepth": 7, "theirs": [1]}

    async def script(ran: Ran) -> Completed:
        if ".swarm/identity.json" not in ran.script:
            return await connections.made[0].writes(ran)
        written.append(ran.stdin)
        return Completed(0, json.dumps(file).encode(), b"")

    connections.made[0].script = script
    receipt = await done(parts, parts.dispatcher(sessions), Rename(AGENT, "mason"))
    assert receipt.stage is Stage.DONE, receipt
    assert parts.board is not None and parts.board.calls == [("patch", "t1", {"assignee": "mason"})]
    assert json.loads(written[-1]) == file | {"agentId": "mason"}, "what other tools wrote there stays"
    assert [agent.id for agent in candidates_of(parts.state.snapshot(), "mason")] == [OTHER_AGENT]
    assert parts.memory.rows[OTHER_AGENT].labels == ("x", "best-of-mason")


async def test_tasks_that_do_not_follow_are_said() -> None:
    parts = Parts()
    silent_registry(parts)
    assert parts.board is not None
    parts.board.error = ServiceUnreachable("no answer from the board")
    receipt = await done(parts, parts.dispatcher(parts.agent_sessions()), Rename(AGENT, "mason"))
    assert receipt.stage is Stage.DONE and parts.agent.name == "mason"
    (said,) = [notice for notice in parts.state.notices if "builder is called mason" in notice]
    assert "the tasks of builder cannot be looked for" in said and "no answer from the board" in said


async def test_tasks_of_a_name_that_another_one_bears_stay() -> None:
    parts = Parts()
    silent_registry(parts)
    parts.state.put_agent(agent_on(OTHER_VM, "builder"))
    receipt = await done(parts, parts.dispatcher(parts.agent_sessions()), Rename(AGENT, "mason"))
    assert receipt.stage is Stage.DONE and parts.board is not None and parts.board.calls == []


async def test_what_an_agent_does_while_it_is_renamed_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts()
    silent_registry(parts)
    remembered, wrote = parts.memory.agents, list[bool]()

    async def agents(*, living: bool = False) -> object:
        wrote.append(True)
        parts.state.put_agent(replace(parts.agent, line=parts.agent.line + 1))
        return await remembered(living=living)

    monkeypatch.setattr(parts.memory, "agents", agents)
    receipt = await done(parts, parts.dispatcher(parts.agent_sessions()), Rename(AGENT, "mason"))
    assert receipt.stage is Stage.DONE and parts.agent.name == "mason"
    assert parts.agent.line == len(wrote), "its state went back to what it was before"
