"""The whole cockpit on Claude Code: prompt, permission, interrupt, death, and the same session afterwards."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from cockpit.agents.claude.permissions import ALLOW
from cockpit.engine.engine import Engine
from cockpit.model.commands.agent import Abort, Answer, FollowUp, Prompt, Steer
from cockpit.model.commands.conversation import SetThinking
from cockpit.model.commands.life import Relaunch
from cockpit.model.fleet import ActivityState, Agent, ProcessState
from cockpit.model.ids import AgentId
from cockpit.model.receipts.receipt import Stage
from cockpit.model.sub_agents import sub_agents_of
from cockpit.model.transcript.entry import EntryKind
from tests.engine.evidence import agent_place, out_file, vm_home
from tests.fleets import FleetUnderTest, fleet_under_test, order, spawned, until
from tests.inside import on_host
from tests.mock_model.server import ModelServerThread
from tests.real_claude.installations import KEY, VERSIONS, find_claude, variables
from tests.requirements import require_program

pytestmark = pytest.mark.timeout(900)

LIMIT = 240.0
"""Seconds a condition gets: the program alone takes seconds to start, and minutes on a machine with much to do."""


@pytest.fixture
def model() -> Iterator[ModelServerThread]:
    """The server, with the bodies of the requests it got."""
    with ModelServerThread() as server:
        yield server


@pytest.fixture(params=list(VERSIONS))
def fleet(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, model: ModelServerThread
) -> Iterator[FleetUnderTest]:
    """A fleet that finds Claude Code, and that server, in its environment."""
    require_program("tmux")
    for name, value in variables(find_claude(request.param), model.url).items():
        monkeypatch.setenv(name, value)
    with fleet_under_test() as made:
        yield made


def bash(command: str) -> dict[str, Any]:
    """Return a call of its shell."""
    return {"Bash": {"command": command}}


def tools(*steps: Any) -> str:
    """Return a prompt that makes the model call tools."""
    return f"mock:tools({json.dumps(steps)})"


def state(engine: Engine, agent: AgentId) -> Agent:
    """Return an agent as it is now."""
    return engine.fleet_state.agents[agent]


async def steered_and_followed_up(engine: Engine, agent: Agent, model: ModelServerThread) -> None:
    """Queue a text behind a run and into it, and one behind a run that is aborted: each is read when that was said."""
    await order(engine, SetThinking(agent.id, "off"))
    await order(engine, SetThinking(agent.id, "low"))
    first = engine.dispatch(Prompt(agent.id, "mock:text(words=30, rate=10) first of two"))
    await until(engine, lambda: state(engine, agent.id).run_open, "a run", LIMIT)
    behind = engine.dispatch(FollowUp(agent.id, "mock:text(words=3) behind it"))
    assert (await engine.outcome(first, timeout=LIMIT)).stage is Stage.DONE
    assert (await engine.outcome(behind, timeout=LIMIT)).stage is Stage.DONE
    assert engine.transcript(agent.id).final_text() == "word1 word2 word3"
    assert model.server.requests[-1]["output_config"] == {"effort": "low"} and model.server.requests[-1]["thinking"]

    # A steer while a tool asks is read behind the tool, in the same run.
    asked = engine.dispatch(Prompt(agent.id, tools(bash("touch steered"), bash("touch unwanted"))))
    await until(engine, lambda: bool(state(engine, agent.id).activity.dialogs), "a question", LIMIT)
    steer = engine.dispatch(Steer(agent.id, "mock:text(words=4) do not"))
    await order(engine, Answer(agent.id, state(engine, agent.id).activity.dialogs[0].request.dialog_id, value=ALLOW))
    assert (await engine.outcome(steer, timeout=LIMIT)).stage is Stage.DONE
    assert (await engine.outcome(asked, timeout=LIMIT)).stage is Stage.DONE
    assert engine.transcript(agent.id).final_text() == "word1 word2 word3 word4"

    # An abort ends the run, and what is queued behind it starts by itself: both are known beforehand.
    rules = state(engine, agent.id).queue_rules
    assert rules.after_abort is True, "what is queued is said to start by itself"
    cut = engine.dispatch(Prompt(agent.id, "mock:text(words=4000, rate=10) long"))
    await until(engine, lambda: state(engine, agent.id).run_open, "a long run", LIMIT)
    instead = engine.dispatch(FollowUp(agent.id, "mock:text(words=5) instead"))
    await engine.outcome(engine.dispatch(Abort(agent.id)), timeout=LIMIT)
    assert (await engine.outcome(cut, timeout=LIMIT)).stage is Stage.FAILED
    assert (await engine.outcome(instead, timeout=LIMIT)).stage is Stage.DONE
    assert engine.transcript(agent.id).final_text() == "word1 word2 word3 word4 word5"


async def with_a_sub_agent(engine: Engine, agent: Agent) -> None:
    """Have it make a sub-agent, which stands below it while its task goes on; and cut its model's answer."""
    call = {"description": "count files", "prompt": "mock:text(words=30, rate=10)", "subagent_type": "general-purpose"}
    made = engine.dispatch(Prompt(agent.id, tools({"Agent": call})))
    await until(engine, lambda: bool(sub_agents_of(state(engine, agent.id))), "a sub-agent", LIMIT)
    assert [one.task.what for one in sub_agents_of(state(engine, agent.id))] == ["count files"]
    assert (await engine.outcome(made, timeout=LIMIT)).stage is Stage.DONE
    assert not sub_agents_of(state(engine, agent.id))
    cut = engine.dispatch(Prompt(agent.id, "mock:drop(words=40, rate=20)"))
    assert (await engine.outcome(cut, timeout=LIMIT)).stage is Stage.FAILED
    now = state(engine, agent.id)
    assert now.activity.state is ActivityState.ERROR and "closed mid-response" in now.activity.error


async def test_a_lieutenants_life(fleet: FleetUnderTest, model: ModelServerThread) -> None:
    async with fleet.engine() as engine:
        agent = await spawned(engine, "ada", program="claude")
        home = vm_home(fleet, agent.vm_id)
        await until(engine, lambda: bool(state(engine, agent.id).model), "the model's name", LIMIT)
        assert not model.server.requests, "a start asks no model"

        # A prompt: words, then done by the end of the run, with the whole answer, its tokens and its cost.
        prompt = engine.dispatch(Prompt(agent.id, "mock:text(words=12, input=1000) first"))
        assert (await engine.outcome(prompt, timeout=LIMIT)).stage is Stage.DONE
        words = " ".join(f"word{number}" for number in range(1, 13))
        now = state(engine, agent.id)
        assert engine.transcript(agent.id).final_text() == words and now.last_text == words
        assert now.activity.state is ActivityState.DONE_UNSEEN
        assert now.usage.input == 1000 and now.usage.output == 13 and now.context_tokens == 1000
        end = [
            json.loads(line) for line in out_file(fleet, agent.vm_id).read_bytes().splitlines() if b'"result"' in line
        ][-1]
        assert now.usage.cost == pytest.approx(end["total_cost_usd"]) and now.usage.cost > 0
        session = now.conversation.id
        assert session == end["session_id"]

        # A permission: its command is shown, with the rule that "always" would add; allowed, it runs.
        asked = engine.dispatch(Prompt(agent.id, tools(bash("rm -rf build-output && touch gone"))))
        await until(engine, lambda: bool(state(engine, agent.id).activity.dialogs), "a question", LIMIT)
        question = state(engine, agent.id).activity.dialogs[0].request
        assert "rm -rf build-output && touch gone" in question.message and question.options[0] == ALLOW
        assert state(engine, agent.id).activity.state is ActivityState.ASKING
        await order(engine, Answer(agent.id, question.dialog_id, value=ALLOW))
        assert (await engine.outcome(asked, timeout=LIMIT)).stage is Stage.DONE
        assert (home / "workspace" / "gone").exists()

        await steered_and_followed_up(engine, agent, model)
        await with_a_sub_agent(engine, agent)

        # An interrupt while it asks: the run is aborted, and says so.
        cut = engine.dispatch(Prompt(agent.id, tools(bash("touch never"))))
        await until(engine, lambda: bool(state(engine, agent.id).activity.dialogs), "another question", LIMIT)
        await engine.outcome(engine.dispatch(Abort(agent.id)), timeout=LIMIT)
        aborted = await engine.outcome(cut, timeout=LIMIT)
        assert aborted.stage is Stage.FAILED and "aborted" in aborted.reason
        assert state(engine, agent.id).activity.state is ActivityState.ABORTED
        assert not (home / "workspace" / "never").exists() and not state(engine, agent.id).activity.dialogs

        # A death, and the same session afterwards, to which nothing is sent.
        before, asked_before = now.process.run_id, len(model.server.requests)
        os.kill(on_host(int((agent_place(fleet, agent.vm_id) / "pid").read_text()), agent.vm_id), signal.SIGKILL)
        await until(engine, lambda: state(engine, agent.id).process.state is ProcessState.DEAD, "its death", LIMIT)
        assert (await engine.outcome(engine.dispatch(Relaunch(agent.id)), timeout=LIMIT)).stage is Stage.DONE
        assert state(engine, agent.id).process.run_id != before
        assert len(model.server.requests) == asked_before
        again = engine.dispatch(Prompt(agent.id, "mock:text(words=2) again"))
        assert (await engine.outcome(again, timeout=LIMIT)).stage is Stage.DONE
        assert state(engine, agent.id).conversation.id == session
        assert "mock:text(words=12, input=1000) first" in json.dumps(model.server.requests[-1]["messages"])
        entries = engine.transcript(agent.id).entries()
        assert [entry.text for entry in entries if session in entry.text], "which session it goes on with is said"
        assert not [entry for entry in entries if entry.kind is EntryKind.RAW], "every line is understood"
        assert KEY.encode() not in out_file(fleet, agent.vm_id).read_bytes()
