"""The whole cockpit on real pi, in both wire dialects: orders, questions of delivery, pauses, deaths and restarts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.engine.engine import Engine
from cockpit.model.commands.agent import Abort, FollowUp, Prompt, Steer
from cockpit.model.commands.life import Relaunch, Spawn
from cockpit.model.commands.vm import Pause, Resume
from cockpit.model.events import DaemonStarted
from cockpit.model.fleet import ActivityState, Agent, AgentKind, LinkState, ProcessState
from cockpit.model.ids import AgentId
from cockpit.model.receipts.receipt import Stage
from cockpit.model.transcript.entry import EntryKind
from tests.engine.evidence import all_shown, assert_whole, folded, markers, out_file, stored_up_to, vm_home
from tests.fleets import LIMIT, FleetUnderTest, fleet_under_test, order, spawned, until
from tests.mock_model.server import ModelServerThread
from tests.real_pi.installations import MODEL, VERSIONS, PiInstallation, find_pi, write_models_json
from tests.requirements import require_program

Lines = list[dict[str, Any]]


@pytest.fixture(params=list(VERSIONS))
def pi(
    request: pytest.FixtureRequest, isolated_home: Path, monkeypatch: pytest.MonkeyPatch, model: ModelServerThread
) -> PiInstallation:
    """A pi on PATH, configured in this home for the scripted model server."""
    require_program("tmux")
    found = find_pi(request.param)
    monkeypatch.setenv("PATH", found.path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-canary-31b4c0")
    write_models_json(isolated_home, model.url)
    return found


@pytest.fixture
def fleet(pi: PiInstallation) -> Iterator[FleetUnderTest]:
    """A fleet whose agents are that pi."""
    with fleet_under_test() as made:
        yield made


def tools(*steps: Any) -> str:
    """Return a prompt that makes the model call tools."""
    return f"mock:tools({json.dumps(steps)})"


def bash(command: str) -> dict[str, Any]:
    """Return a call of the bash tool."""
    return {"bash": {"command": command}}


def state(engine: Engine, agent: AgentId) -> Agent:
    """Return an agent as it is now."""
    return engine.fleet_state.agents[agent]


def written(fleet: FleetUnderTest, agent: Agent) -> Lines:
    """Return the agent's output lines."""
    return [json.loads(line) for line in out_file(fleet, agent.vm_id).read_bytes().split(b"\n")[:-1]]


def answers(lines: Lines) -> Lines:
    """Return the finished messages of the model."""
    return [
        line["message"] for line in lines if line["type"] == "message_end" and line["message"]["role"] == "assistant"
    ]


def text(message: dict[str, Any]) -> str:
    """Return what a message says."""
    return "".join(part.get("text", "") for part in message["content"] if part["type"] == "text")


def assert_sums(engine: Engine, fleet: FleetUnderTest, agent: Agent) -> None:
    """Assert that usage, turns and final text are those of the finished messages in the VM's own file."""
    lines = written(fleet, agent)
    usages = [message["usage"] for message in answers(lines) if "usage" in message]
    now = state(engine, agent.id)
    assert (now.usage.input, now.usage.output) == (sum(u["input"] for u in usages), sum(u["output"] for u in usages))
    cached = (sum(u["cacheRead"] for u in usages), sum(u["cacheWrite"] for u in usages))
    assert (now.usage.cache_read, now.usage.cache_write) == cached
    assert now.usage.cost == pytest.approx(sum(u["cost"]["total"] for u in usages))
    assert now.usage.input > 0 and now.usage.output > 0
    assert now.turns == sum(line["type"] == "turn_start" for line in lines)
    assert engine.transcript(agent.id).final_text() == text(answers(lines)[-1])
    assert now.line == len(lines)


async def assert_complete(engine: Engine, fleet: FleetUnderTest, agent: Agent) -> None:
    """Assert that the store holds the VM's file and nothing else, and the transcript what follows from it."""
    content = out_file(fleet, agent.vm_id).read_bytes()
    records = await stored_up_to(engine.store, agent.id, content.count(b"\n"))
    assert_whole(records, content)
    assert not markers(records)
    assert await all_shown(engine, agent.id) == folded(records)


async def test_three_dependent_tasks_and_a_restart(fleet: FleetUnderTest, pi: PiInstallation) -> None:
    async with fleet.engine() as engine:
        agent = await spawned(engine, "ada", program="pi", model=MODEL)
        assert state(engine, agent.id).model == "claude-sonnet-4-5"
        await order(engine, Prompt(agent.id, tools({"write": {"path": "numbers", "content": "2\n3\n"}})))
        await order(engine, Prompt(agent.id, tools(bash("awk '{s+=$1} END {print s}' numbers > sum; cat sum"))))
        await order(engine, Prompt(agent.id, tools({"read": {"path": "sum"}})))
        assert (vm_home(fleet, agent.vm_id) / "workspace" / "sum").read_text() == "5\n"
        assert "said: 5" in engine.transcript(agent.id).final_text()
        assert state(engine, agent.id).dialect == pi.dialect
        assert state(engine, agent.id).activity.state is ActivityState.DONE_UNSEEN
        assert_sums(engine, fleet, agent)
        await assert_complete(engine, fleet, agent)
        before, shown = state(engine, agent.id), await all_shown(engine, agent.id)
        called = [entry for entry in engine.transcript(agent.id).entries() if entry.kind is EntryKind.TOOL]
        assert len(called) == 3 and not any(entry.failed or entry.open for entry in called)
    async with fleet.engine() as engine:
        await engine.settled(LIMIT)
        again = state(engine, agent.id)
        assert await all_shown(engine, agent.id) == shown
        kept = ("usage", "turns", "line", "epoch", "model", "context_tokens", "last_text", "dialect", "run_open")
        assert {name: getattr(again, name) for name in kept} == {name: getattr(before, name) for name in kept}
        assert again.activity.state is before.activity.state and again.process.run_id == before.process.run_id
        assert_sums(engine, fleet, agent)
        await assert_complete(engine, fleet, agent)


async def test_steer_and_follow_up_while_busy_and_abort(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        agent = await spawned(engine, "bea", program="pi", model=MODEL)
        gate = vm_home(fleet, agent.vm_id) / "gate"
        slow = bash(f"until [ -e '{gate}' ]; do sleep 0.05; done; echo through")
        prompt = engine.dispatch(Prompt(agent.id, tools(slow, bash("echo never"))))
        await until(engine, lambda: bool(state(engine, agent.id).activity.tools), "a running tool")
        steer = engine.dispatch(Steer(agent.id, "use the other file"))
        await engine.outcome(steer, until=Stage.STEERING, timeout=LIMIT)
        follow_up = engine.dispatch(FollowUp(agent.id, "then write the summary"))
        await engine.outcome(follow_up, until=Stage.QUEUED, timeout=LIMIT)
        assert state(engine, agent.id).activity.steering == ("use the other file",)
        assert state(engine, agent.id).activity.follow_up == ("then write the summary",)
        gate.touch()
        for command in (prompt, steer, follow_up):
            receipt = await engine.outcome(command, timeout=LIMIT)
            assert receipt.stage is Stage.DONE, receipt
        kinds = [entry.kind for entry in engine.transcript(agent.id).entries()]
        assert kinds.index(EntryKind.STEER) < kinds.index(EntryKind.FOLLOW_UP)
        assert kinds.count(EntryKind.TOOL) == 1, "the steer came before the second tool"
        assert "then write the summary" in engine.transcript(agent.id).final_text()
        assert_sums(engine, fleet, agent)

        busy = engine.dispatch(Prompt(agent.id, tools(bash("sleep 600"))))
        await until(engine, lambda: bool(state(engine, agent.id).activity.tools), "a running tool")
        await order(engine, Abort(agent.id))
        ended = await engine.outcome(busy, timeout=LIMIT)
        assert ended.stage is Stage.FAILED
        await until(engine, lambda: state(engine, agent.id).activity.state is ActivityState.ABORTED, "the abort")
        await order(engine, Prompt(agent.id, "go on with the parser"))
        assert "go on with the parser" in engine.transcript(agent.id).final_text()
        await assert_complete(engine, fleet, agent)


async def test_paused_in_mid_run_and_resumed(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        agent = await spawned(engine, "cyd", program="pi", model=MODEL)
        prompt = engine.dispatch(Prompt(agent.id, "mock:text(words=400, rate=80)"))
        await until(engine, lambda: state(engine, agent.id).activity.detail == "writing", "streaming text")
        await order(engine, Pause(agent.vm_id, now=True))
        size = out_file(fleet, agent.vm_id).stat().st_size
        await until(engine, lambda: state(engine, agent.id).link.state is LinkState.PAUSED, "the paused link")
        assert "paused" in engine.disabled_reason(Prompt(agent.id, "x"))
        assert out_file(fleet, agent.vm_id).stat().st_size == size, "it stands still"
        await order(engine, Resume(agent.vm_id))
        receipt = await engine.outcome(prompt, timeout=LIMIT)
        assert receipt.stage is Stage.DONE, receipt
        assert engine.transcript(agent.id).final_text().endswith("word400")
        assert_sums(engine, fleet, agent)
        await assert_complete(engine, fleet, agent)


async def test_killed_and_relaunched_in_the_same_session(fleet: FleetUnderTest, model: ModelServerThread) -> None:
    async with fleet.engine() as engine:
        role: dict[str, Any] = {"role": "You speak of birds.", "replaces_prompt": True, "thinking": "low"}
        await order(engine, Spawn("dan", AgentKind.LIEUTENANT, program="pi", model=MODEL, **role))
        agent = engine.agent_named("dan")
        assert agent.thinking == "low"
        await order(engine, Prompt(agent.id, "remember the word heron"))
        cut = engine.dispatch(Prompt(agent.id, "mock:text(words=5000, rate=50)"))
        await until(engine, lambda: state(engine, agent.id).activity.detail == "writing", "streaming text")
        agent_session = engine.agent_session(agent.id)
        assert agent_session is not None
        connection = agent_session.connection()
        assert connection is not None
        killed = await connection.run(f'kill -9 "$(cat {agent.directory}/pid)"', timeout=20)
        assert killed.exit_status == 0, killed
        await until(engine, lambda: state(engine, agent.id).process.exit_code == 137, "the death")
        assert state(engine, agent.id).process.state is ProcessState.DEAD
        assert (await engine.outcome(cut, timeout=LIMIT)).stage is Stage.FAILED
        assert "dead" in engine.disabled_reason(Prompt(agent.id, "x"))

        await order(engine, Relaunch(agent.id))
        await until(engine, lambda: state(engine, agent.id).process.state is ProcessState.ALIVE, "the new process")
        await order(engine, Prompt(agent.id, tools(bash("echo back"))))
        assert "said: back" in engine.transcript(agent.id).final_text()
        prompts = [str(request["system"]) for request in model.server.requests]
        assert len(prompts) >= 4 and all("You speak of birds." in text for text in prompts), (
            "before and after its death"
        )
        assert not any("coding assistant" in text or "instructions.md" in text for text in prompts)
        assert state(engine, agent.id).thinking == "low"
        assert_sums(engine, fleet, agent)
        await assert_complete(engine, fleet, agent)
        records = await stored_up_to(engine.store, agent.id, 1)
        assert sum(isinstance(record.event, DaemonStarted) for record in records) == 2
    sessions = list((vm_home(fleet, agent.vm_id) / ".pi" / "agent" / "sessions").rglob("*.jsonl"))
    assert len(sessions) == 1, "the session was continued"
    assert "heron" in sessions[0].read_text() and "echo back" in sessions[0].read_text()
