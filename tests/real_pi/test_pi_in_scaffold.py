"""Real pi, started, written to, killed and resumed by the scaffold, in both wire dialects."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cockpit.agents.pi.launch import pi_argv
from cockpit.agents.scaffold.answers import AgentState, StartResult, parse_facts
from cockpit.agents.scaffold.scripts import facts_script
from tests.agents.scaffold.scaffold_machine import Machine, wait_until
from tests.mock_model.server import ModelServerThread
from tests.real_pi.installations import MODEL, VERSIONS, PiInstallation, find_pi, write_models_json
from tests.requirements import require_program

KEY = "sk-ant-canary-77aa01"
LIMIT = 60.0
"""Seconds; pi needs four to start on a busy machine."""


@dataclass
class PiMachine:
    """A machine with one pi on it."""

    machine: Machine
    pi: PiInstallation

    def start(self, run_id: str, *, session: str = "", model: str = MODEL) -> StartResult:
        """Start pi."""
        argv = pi_argv(model=model, session=session)
        return self.machine.start(run_id, argv, {"ANTHROPIC_API_KEY": KEY}, program="pi")

    def send(self, **command: Any) -> None:
        """Write one command."""
        self.machine.send(json.dumps(command).encode() + b"\n", leading_newline=command["type"] == "get_state")

    def records(self) -> list[dict[str, Any]]:
        """Return everything in `out`; every line is whole and an object."""
        records = [json.loads(line) for line in self.machine.lines()]
        assert all(isinstance(record, dict) for record in records)
        return records

    def wait(self, what: str, condition: Callable[[list[dict[str, Any]]], object]) -> list[dict[str, Any]]:
        """Wait until a condition on the records holds."""
        wait_until(lambda: bool(condition(self.records())), what, LIMIT)
        return self.records()

    def response(self, command_id: str) -> dict[str, Any]:
        """Wait for the answer to a command."""
        records = self.wait(f"{command_id} is answered", lambda all_: [r for r in all_ if r.get("id") == command_id])
        return next(record for record in records if record.get("id") == command_id)

    def ended(self, runs: int) -> list[dict[str, Any]]:
        """Wait until so many runs have ended."""
        return self.wait(f"run {runs} ends", lambda all_: kinds(all_).count("agent_end") >= runs)


def kinds(records: list[dict[str, Any]]) -> list[str]:
    return [str(record.get("type")) for record in records]


def messages(records: list[dict[str, Any]], role: str) -> list[str]:
    """Return the texts of the finished messages of a role."""
    ended = [r["message"] for r in records if r["type"] == "message_end" and r["message"]["role"] == role]
    return ["".join(part.get("text", "") for part in message["content"]) for message in ended]


def tools(*steps: dict[str, Any]) -> str:
    return f"mock:tools({json.dumps(steps)})"


def bash(command: str) -> dict[str, Any]:
    return {"bash": {"command": command}}


@pytest.fixture(params=list(VERSIONS))
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PiMachine]:
    """A machine with pi and the scripted model."""
    require_program("tmux")
    pi = find_pi(request.param)
    with ModelServerThread() as model:
        write_models_json(tmp_path, model.url)
        machine = Machine(tmp_path, path=pi.path)
        yield PiMachine(machine, pi)
        machine.close()


def test_three_dependent_tasks_with_tools(here: PiMachine) -> None:
    started = here.start("run-1")
    assert (started.mode, started.program) == ("tmux", "pi")
    here.send(type="get_state", id="probe-1")
    state = here.response("probe-1")["data"]
    assert state["model"]["id"] == "claude-sonnet-4-5" and state["isStreaming"] is False

    here.send(type="prompt", id="p1", message=tools({"write": {"path": "numbers", "content": "2\n3\n"}}))
    here.ended(1)
    here.send(type="prompt", id="p2", message=tools(bash("awk '{s+=$1} END {print s}' numbers > sum; cat sum")))
    here.ended(2)
    edit = {"edit": {"path": "sum", "edits": [{"oldText": "5", "newText": "five"}]}}
    here.send(type="prompt", id="p3", message=tools(edit, {"read": {"path": "sum"}}))
    records = here.ended(3)

    assert (here.machine.home / "workspace" / "sum").read_text(encoding="utf-8") == "five\n"
    assert [r["isError"] for r in records if r["type"] == "tool_execution_end"] == [False] * 4
    answers = messages(records, "assistant")
    assert "said: 5" in answers[3] and "said: five" in answers[-1]
    assert all(here.response(name)["success"] for name in ("p1", "p2", "p3"))
    updates = [record for record in records if record["type"] == "message_update"]
    assert updates and all(("message" in update) == (here.pi.dialect == "accumulated") for update in updates)
    assert records[0] == {"type": "cockpit_run", "run": "run-1", "agent": "pi"}

    environment = Path(f"/proc/{started.pid}/environ").read_bytes()
    assert KEY.encode() in environment
    assert KEY.encode() not in Path(f"/proc/{started.pid}/cmdline").read_bytes()
    assert here.machine.stop().exit_code == 143
    assert here.records()[-1] == {"type": "cockpit_exit", "run": "run-1", "code": 143}


def test_steer_and_follow_up_while_busy(here: PiMachine) -> None:
    here.start("run-1")
    gate = here.machine.home / "gate"
    slow = bash(f"until [ -e '{gate}' ]; do sleep 0.05; done; echo through")
    here.send(type="prompt", id="p1", message=tools(slow, bash("echo never")))
    here.wait("the tool runs", lambda all_: "tool_execution_start" in kinds(all_))
    here.send(type="prompt", id="refused", message="too early")
    assert here.response("refused")["success"] is False
    here.send(type="follow_up", id="f1", message="then write the summary")
    here.send(type="steer", id="s1", message="use the other file")
    assert here.response("f1")["success"] and here.response("s1")["success"]
    gate.touch()
    records = here.ended(1)
    users = messages(records, "user")
    assert users[1:] == ["use the other file", "then write the summary"]
    assert "use the other file" in messages(records, "assistant")[1]
    assert "then write the summary" in messages(records, "assistant")[2]
    assert kinds(records).count("tool_execution_start") == 1


def test_kill_and_continue(here: PiMachine) -> None:
    first = here.start("run-1")
    here.send(type="prompt", id="p1", message="remember the word heron")
    here.ended(1)
    here.send(type="prompt", id="p2", message="mock:text(words=5000, rate=50)")
    here.wait("text streams", lambda all_: kinds(all_)[-5:].count("message_update") == 5)
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    wait_until(here.machine.file("exit").exists, "the exit is written down")
    probe = here.machine.probe()
    assert (probe.state, probe.exit_code, probe.run_id) == (AgentState.DEAD, 137, "run-1")
    before = here.machine.file("out").read_bytes()

    second = here.start("run-2", session="continue")
    assert not second.adopted and second.pid != first.pid
    assert here.start("run-3").run_id == "run-2", "a living agent is adopted"
    here.send(type="get_messages", id="m1")
    history = json.dumps(here.response("m1")["data"])
    assert "heron" in history
    here.send(type="prompt", id="p3", message=tools(bash("echo back")))
    records = here.ended(2)
    assert "said: back" in messages(records, "assistant")[-1]
    after = here.machine.file("out").read_bytes()
    assert after.startswith(before)
    assert [record["run"] for record in records if record["type"] == "cockpit_run"] == ["run-1", "run-2"]
    assert {"type": "cockpit_exit", "run": "run-1", "code": 137} in records


def test_the_other_protocol_and_a_failing_provider(here: PiMachine) -> None:
    here.start("run-1", model="mock/scripted")
    here.send(type="prompt", id="p1", message=tools(bash("echo by chat completions")))
    assert "by chat completions" in messages(here.ended(1), "assistant")[-1]
    here.send(type="prompt", id="p2", message="mock:error(401)")
    records = here.ended(2)
    last = [r["message"] for r in records if r["type"] == "message_end" and r["message"]["role"] == "assistant"][-1]
    assert last["stopReason"] == "error" and "401" in last["errorMessage"]


def test_a_pi_that_gives_up_says_why(here: PiMachine) -> None:
    here.machine.start("run-1", pi_argv(extra=["--no-such-flag"]), program="pi")
    wait_until(here.machine.file("exit").exists, "pi gives up", LIMIT)
    probe = here.machine.probe()
    assert (probe.state, probe.exit_code) == (AgentState.DEAD, 1)
    assert any("no-such-flag" in line for line in probe.errors)


def test_a_crash_is_written_down(here: PiMachine) -> None:
    here.start("run-1")
    here.send(type="get_state", id="probe-1")
    here.response("probe-1")
    here.machine.send(b"null\n")
    wait_until(here.machine.file("exit").exists, "pi crashes", LIMIT)
    assert here.records()[-1] == {"type": "cockpit_exit", "run": "run-1", "code": 1}
    assert any("TypeError" in line for line in here.machine.probe().errors)


def test_facts_name_the_version(here: PiMachine) -> None:
    facts = parse_facts(*here.machine.execute(facts_script("pi")), place="VM test")
    assert facts.versions["pi"] == here.pi.version
    assert facts.programs["pi"] == str(here.pi.directory / "pi")
