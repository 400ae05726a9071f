"""How agents begin and end: their own program, their own transcript, and evidence of what did not start."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.cli.waiting import STATES, State, is_in
from cockpit.embedded.lifecycle import end_fleet, running_in
from cockpit.engine.engine import Engine
from cockpit.model.commands.agent import Answer, Prompt
from cockpit.model.commands.life import Relaunch, Spawn
from cockpit.model.commands.vm import Branch, Commit
from cockpit.model.fleet import Activity, ActivityState, Agent, AgentKind, Process, ProcessState
from cockpit.model.ids import AgentId, CommitId, OperationId, VmId
from cockpit.model.receipts.receipt import Receipt, Stage
from tests.engine.evidence import agent_place, vm_home
from tests.fleets import LIMIT, FleetUnderTest, fleet_under_test, order, spawned, until
from tests.inside import on_host
from tests.mock_model.server import ModelServerThread
from tests.real_pi.installations import MODEL, VERSIONS, find_pi, write_models_json
from tests.requirements import require_program
from tests.security.test_secrets import environment_of

DYING = """#!/bin/sh
if [ "$1" = --version ]; then echo 9.9.9; exit 0; fi
echo "{\\"type\\":\\"extension_error\\",\\"error\\":\\"last output\\"}"
echo "the reason of its death" >&2
exit 3
"""


@pytest.fixture
def fleet(isolated_home: Path) -> Iterator[FleetUnderTest]:
    require_program("tmux")
    with fleet_under_test() as made:
        yield made


def pi_named(directory: Path, text: str) -> str:
    """Put a program called pi into a directory and return the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    program = directory / "pi"
    program.write_text(text)
    program.chmod(0o755)
    return str(directory)


async def attempted(engine: Engine, spawn: Spawn) -> Receipt:
    """Order a spawn and return its receipt once it has ended."""
    return await engine.outcome(engine.dispatch(spawn), timeout=LIMIT)


def details(engine: Engine, receipt: Receipt) -> str:
    """Return what the steps of an operation said."""
    return "\n".join(step.detail for step in engine.fleet_state.operations[OperationId(receipt.id)].steps)


async def killed(engine: Engine, agent: Agent) -> None:
    """Kill an agent's process and wait until that is known."""
    agent_session = engine.agent_session(agent.id)
    connection = agent_session.connection() if agent_session else None
    assert connection is not None
    await connection.run(f'kill -9 "$(cat {agent.directory}/pid)"', timeout=20)
    await until(engine, lambda: engine.fleet_state.agents[agent.id].process.state is ProcessState.DEAD, "the death")


@pytest.mark.parametrize("state", [state for state in STATES if state != "dead"])
def test_a_dead_agent_is_in_no_state_but_dead(state: State) -> None:
    activity = Activity(ActivityState(state))
    agent = Agent(AgentId("v"), "ada", AgentKind.WORKER, VmId("v"), activity=activity)
    assert is_in(agent, state)
    dead = replace(agent, process=Process(ProcessState.DEAD))
    assert not is_in(dead, state) and is_in(dead, "dead")


async def test_output_of_an_agent_that_did_not_start_is_kept(
    fleet: FleetUnderTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = pi_named(tmp_path / "bin", DYING)
    monkeypatch.setenv("PATH", f"{directory}:/usr/local/bin:/usr/bin:/bin")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "canary-of-the-chosen")
    async with fleet.engine() as engine:
        receipt = await attempted(engine, Spawn("ada", AgentKind.WORKER, program="pi"))
        assert receipt.stage is Stage.FAILED and not engine.fleet_state.agents
        (kept,) = (fleet.root / "failed-starts").iterdir()
        assert str(kept) in receipt.reason and str(kept) in details(engine, receipt)
        assert "the reason of its death" in (kept / "err").read_text()
        assert "last output" in (kept / "out").read_text()
        assert {path.stat().st_mode & 0o777 for path in (kept / "out", kept / "err")} == {0o600}


async def test_an_agent_keeps_its_program_and_a_change_is_refused_until_it_is_accepted(
    fleet: FleetUnderTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = find_pi("accumulated"), find_pi("delta")
    own = tmp_path / "own"
    own.mkdir()
    (own / "pi").symlink_to(first.directory / "pi")
    usual = other.path
    monkeypatch.setenv("PATH", f"{own}:{usual}")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "canary-of-the-chosen")
    monkeypatch.setenv("OPENAI_API_KEY", "canary-of-another")
    async with fleet.engine() as engine:
        receipt = await attempted(engine, Spawn("ada", AgentKind.WORKER, program="pi", model="anthropic/claude-typo"))
        assert receipt.stage is Stage.DONE, receipt
        said = details(engine, receipt)
        assert "passes ANTHROPIC_API_KEY" in said and "OPENAI" not in said and "canary" not in said
        assert first.version in said and "claude-typo" in said and "not found" in said
        agent = engine.agent_named("ada")
        assert (agent.version, agent.provider) == (first.version, "anthropic") and agent.thinking
        pid = int((agent_place(fleet, agent.vm_id) / "pid").read_text())
        assert not any(b"canary-of-another" in variable for variable in environment_of(on_host(pid, agent.vm_id)))
        await killed(engine, agent)
    monkeypatch.setenv("PATH", usual)
    async with fleet.engine() as engine:
        agent = engine.agent_named("ada")
        await until(engine, lambda: engine.fleet_state.agents[agent.id].process.state is ProcessState.DEAD, "the death")
        await order(engine, Relaunch(agent.id))
        assert engine.agent_named("ada").version == first.version
        await killed(engine, agent)
        (own / "pi").unlink()
        refused = await engine.outcome(engine.dispatch(Relaunch(agent.id)), timeout=LIMIT)
        assert refused.stage is Stage.FAILED
        assert first.version in refused.reason and other.version in refused.reason
        assert engine.agent_named("ada").process.state is ProcessState.DEAD
        await order(engine, Relaunch(agent.id, change_program=True))
        await until(engine, lambda: engine.agent_named("ada").version == other.version, "the new version")


async def test_a_spawn_from_an_agents_commit_begins_a_transcript_of_its_own(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        ada = await spawned(engine, "ada")
        await order(engine, Prompt(ada.id, "a question to ada alone"))
        receipt = await order(engine, Commit(ada.vm_id))
        image = CommitId(engine.fleet_state.operations[OperationId(receipt.id)].steps[-1].detail)
        made = await attempted(engine, Spawn("bob", AgentKind.WORKER, image=image, program="scripted"))
        assert made.stage is Stage.DONE, made
        bob = engine.agent_named("bob")
        await order(engine, Prompt(bob.id, "hello bob"))

        assert not any(
            "a question to ada alone" in repr(record)
            for record in await engine.store.records(bob.id, after=(0, -1), limit=500)
        )
        home = agent_place(fleet, bob.vm_id)
        assert "a question to ada alone" in (home / "earlier.1" / "out").read_text()
        assert "a question to ada alone" not in (home / "out").read_text()
        assert "earlier.1" in details(engine, made)


async def test_a_whole_fleet_ends_and_its_files_stay(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        ada = await spawned(engine, "ada")
    running = running_in(fleet.places.fleet)
    assert running.server and [name for name in running.processes if "(ada)" in name and ada.vm_id in name]
    refused = fleet.run("serve", "--end-fleet")
    assert refused.returncode == 2 and "ada" in refused.stderr and "--yes" in refused.stderr
    assert running_in(fleet.places.fleet).processes
    ended = fleet.run("serve", "--end-fleet", "--yes")
    assert ended.returncode == 0 and "stay in" in ended.stderr, ended.stderr
    after = running_in(fleet.places.fleet)
    assert not after.server and not after.processes
    assert (agent_place(fleet, ada.vm_id) / "out").is_file()
    waited = fleet.run("wait", "ada", "--until", "idle", "--timeout", "30")
    assert waited.returncode == 1 and "dead" in waited.stderr, waited.stderr
    assert fleet.run("relaunch", "ada").returncode == 0
    await asyncio.to_thread(end_fleet, fleet.places.fleet)
    assert not running_in(fleet.places.fleet).processes


async def test_the_copy_of_a_scripted_agents_vm_has_an_agent_of_its_own(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        ada = await spawned(engine, "ada")
        await order(engine, Prompt(ada.id, "remember the zebra"))
        await order(engine, Branch(ada.vm_id, 2))
        copies = [engine.agent_named("ada-2"), engine.agent_named("ada-3")]
        assert len({ada.vm_id, *(copy.vm_id for copy in copies)}) == 3
        assert engine.running[0].source.registry is not None
        for copy in copies:
            assert copy.process.state is ProcessState.ALIVE
            assert (await engine.running[0].source.registry.get(copy.vm_id)).name == copy.name
            pid = int((agent_place(fleet, copy.vm_id) / "pid").read_text())
            assert {f"VERS_AGENT_NAME={copy.name}".encode(), f"VERS_VM_ID={copy.vm_id}".encode()} <= set(
                environment_of(on_host(pid, copy.vm_id))
            )
            await order(engine, Prompt(copy.id, "go on"))


@pytest.mark.parametrize("dialect", list(VERSIONS))
async def test_the_copy_of_pi_goes_on_in_its_own_conversation(
    fleet: FleetUnderTest, isolated_home: Path, monkeypatch: pytest.MonkeyPatch, dialect: str
) -> None:
    monkeypatch.setenv("PATH", find_pi(dialect).path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "canary-of-the-chosen")
    with ModelServerThread() as model:
        write_models_json(isolated_home, model.url)
        async with fleet.engine() as engine:
            ada = await spawned(engine, "ada", program="pi", model=MODEL)
            await order(engine, Prompt(ada.id, "remember the zebra"))
            await order(engine, Branch(ada.vm_id))
            copy = engine.agent_named("ada-2")
            assert copy.version and copy.version == engine.agent_named("ada").version
            await order(engine, Prompt(copy.id, "go on"))
            sessions = list((vm_home(fleet, copy.vm_id) / ".pi/agent/sessions").glob("*/*.jsonl"))
            assert len(sessions) == 1
            said = sessions[0].read_text()
            assert "remember the zebra" in said and "go on" in said
            # A conversation knows where it is held: by another VM's place, or behind walls by what every VM calls it.
            place = json.loads(said.splitlines()[0])["cwd"]
            assert place == "/root/workspace" or (copy.vm_id in place and ada.vm_id not in place)


ASKING = """export default function (pi) {
  pi.on("session_start", async (_event, context) => {
    const trusted = await context.ui.confirm("Trust this folder?", "It has extensions");
    context.ui.notify("trusted: " + trusted);
  });
}
"""


@pytest.mark.parametrize("dialect", list(VERSIONS))
async def test_what_an_extension_asks_at_the_start_is_shown_and_can_be_answered(
    fleet: FleetUnderTest, isolated_home: Path, monkeypatch: pytest.MonkeyPatch, dialect: str
) -> None:
    monkeypatch.setenv("PATH", find_pi(dialect).path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "canary-of-the-chosen")
    extensions = isolated_home / ".pi" / "agent" / "extensions"
    extensions.mkdir(parents=True)
    (extensions / "ask.ts").write_text(ASKING)
    async with fleet.engine() as engine:
        receipt = await attempted(engine, Spawn("ada", AgentKind.WORKER, program="pi", model=MODEL))
        assert receipt.stage is Stage.DONE, receipt
        assert "Trust this folder?" in details(engine, receipt)
        agent = engine.agent_named("ada")
        (dialog,) = agent.activity.dialogs
        engine.dispatch(Answer(agent.id, dialog.request.dialog_id, confirmed=True))
        await until(engine, lambda: bool(engine.agent_named("ada").model), "the first answer")
        await until(engine, lambda: not engine.agent_named("ada").activity.dialogs, "the end of the question")
        agent = engine.agent_named("ada")
        assert agent.process.state is ProcessState.ALIVE and not agent.activity.dialogs
        assert "trusted: true" in (agent_place(fleet, agent.vm_id) / "out").read_text()
