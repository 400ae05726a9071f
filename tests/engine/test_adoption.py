"""Taking over an agent that somebody else started: its run and output are there, and nothing is sent to it."""

from __future__ import annotations

import asyncio
import json

import pytest

from cockpit.bootstrap.fleet import Places
from cockpit.config import AgentSettings, Settings
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.life import Adopt
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.ids import VmId
from cockpit.model.receipts.receipt import Stage
from tests.engine.evidence import all_shown, out_file
from tests.fleets import LIMIT, FleetUnderTest, order, spawned


async def stranger(fleet: FleetUnderTest, name: str) -> tuple[Agent, FleetUnderTest]:
    """Start an agent; return it with the fleet as seen by a cockpit that knows nothing of it, nor does the registry."""
    async with fleet.engine() as engine:
        agent = await spawned(engine, name)
        await order(engine, Prompt(agent.id, "[say Before you came.]"))
        assert engine.running[0].source.registry is not None
        await engine.running[0].source.registry.deregister(agent.vm_id)
    elsewhere = FleetUnderTest(fleet.root)
    elsewhere.places = Places(fleet.places.fleet, fleet.root / f"{name}-another.sqlite")
    return agent, elsewhere


async def test_an_agent_of_somebody_else_is_taken_over_as_it_is(fleet: FleetUnderTest) -> None:
    agent, elsewhere = await stranger(fleet, "ada")
    out = out_file(fleet, agent.vm_id)
    async with elsewhere.engine() as engine:
        assert agent.id not in engine.fleet_state.agents and agent.vm_id in engine.fleet_state.vms
        before = out.read_bytes()
        receipt = await order(engine, Adopt(agent.vm_id, "bob", AgentKind.WORKER, "tests"))
        assert receipt.stage is Stage.DONE
        await engine.settled(LIMIT)
        taken = engine.fleet_state.agents[agent.id]
        assert (taken.name, taken.kind, taken.role, taken.program) == ("bob", AgentKind.WORKER, "tests", "scripted")
        sent = [json.loads(line) for line in out.read_bytes()[len(before) :].splitlines() if line.strip()]
        assert not [record for record in sent if record.get("type") == "message_start"], "nothing was said to it"
        assert "Before you came." in str(await all_shown(engine, agent.id))
        await order(engine, Prompt(agent.id, "[say After.]"))
    async with elsewhere.engine() as engine:
        assert engine.agent_named("bob").id == agent.id, "it is remembered, and in the registry"


@pytest.mark.parametrize("what", ["no agent", "no VM", "a name that is taken"])
async def test_what_cannot_be_taken_over_is_said_and_changes_nothing(fleet: FleetUnderTest, what: str) -> None:
    async with fleet.engine() as engine:
        agent = await spawned(engine, f"cy-{what.count(' ')}-{len(what)}")
        known = set(engine.fleet_state.agents)
        empty = await engine.running[0].source.vers.create_root(labels={})
        assert await engine.fleet_state.until(lambda: empty in engine.fleet_state.vms, LIMIT)
        vm, name = (VmId("0" * 8), "bob") if what == "no VM" else (empty, agent.name if "name" in what else "dora")
        command = engine.dispatch(Adopt(vm, name))
        receipt = await engine.outcome(command, timeout=LIMIT)
        words = {
            "no agent": "no agent at",
            "no VM": "there is no VM",
            "a name that is taken": f"named {agent.name} already",
        }
        assert receipt.stage is Stage.FAILED and words[what] in receipt.reason
        assert set(engine.fleet_state.agents) == known
        await engine.running[0].source.vers.delete(empty)


async def test_the_verb_takes_an_agent_over_under_the_name_others_give_it(fleet: FleetUnderTest) -> None:
    agent, _ = await stranger(fleet, "eve")
    async with fleet.engine() as engine:
        await engine.store.forget_agent(agent.id)
    refused = await asyncio.to_thread(fleet.run, "adopt", "nowhere", "--name", "fay")
    assert refused.returncode == 3 and "cockpit vms" in refused.stderr
    taken = await asyncio.to_thread(fleet.run, "adopt", agent.vm_id, "--worker")
    assert taken.returncode == 0, taken.stderr
    assert taken.stdout.split() == ["eve", agent.vm_id], "as the label of its VM calls it"
    listed = await asyncio.to_thread(fleet.run, "agents", "--json")
    assert ("eve", "worker") in {(row["name"], row["kind"]) for row in json.loads(listed.stdout)}


async def test_an_agent_in_another_known_place_is_taken_over_there(fleet: FleetUnderTest) -> None:
    agent, elsewhere = await stranger(fleet, "gil")
    elsewhere.settings = Settings(agent=AgentSettings(directory="~/not-here"))
    async with elsewhere.engine() as engine:
        await order(engine, Adopt(agent.vm_id, "hal"))
        await engine.settled(LIMIT)
        taken = engine.agent_named("hal")
        assert taken.id == agent.id and taken.directory == agent.directory != "~/not-here"
        assert "Before you came." in str(await all_shown(engine, agent.id))
        await order(engine, Prompt(taken.id, "[say After.]"))
        empty = await engine.running[0].source.vers.create_root(labels={})
        assert await engine.fleet_state.until(lambda: empty in engine.fleet_state.vms, LIMIT)
        receipt = await engine.outcome(engine.dispatch(Adopt(empty, "ida")), timeout=LIMIT)
        assert f"no agent at ~/not-here on VM {empty}, looked also at ~/pi-rpc" in receipt.reason
        assert {known.name for known in engine.fleet_state.agents.values() if known.vm_id == empty} == set()
        await engine.running[0].source.vers.delete(empty)
