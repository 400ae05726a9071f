"""Two embedded fleets in one cockpit: each works by itself, and one that is sick harms the other in nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.bootstrap.fleet import make_source
from cockpit.embedded.endpoint import serving_pid
from cockpit.engine.engine import Engine
from cockpit.engine.source import Source
from cockpit.errors import ConfigError
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.board import CreateTask, MoveTask
from cockpit.model.commands.life import Destroy, Spawn
from cockpit.model.commands.vm import Pause, Resume
from cockpit.model.fleet import Agent, AgentKind, LinkState, Power
from cockpit.model.ids import VmId
from cockpit.model.receipts.receipt import Stage
from cockpit.store.store import Store
from tests.fleets import FleetUnderTest, fleet_under_test, order, until


@pytest.fixture(scope="module")
def other_fleet() -> Iterator[FleetUnderTest]:
    """A second fleet beside that of the module."""
    with fleet_under_test() as made:
        yield made


def named_source(fleet: FleetUnderTest, name: str) -> Source:
    return replace(make_source(fleet.settings, fleet.places, force_embedded=True), name=name)


@contextlib.asynccontextmanager
async def cockpit(first: FleetUnderTest, second: FleetUnderTest, history: Path) -> AsyncIterator[Engine]:
    """Run one engine over both fleets."""
    sources = [
        await asyncio.to_thread(named_source, fleet, name) for fleet, name in ((first, "north"), (second, "south"))
    ]
    store = await Store.open(history)
    engine = Engine(sources, store)
    try:
        await engine.start()
        yield engine
    finally:
        await engine.stop()
        await store.close()
        for source in sources:
            await source.close()


async def spawned_by(other: FleetUnderTest, name: str) -> VmId:
    """Let a cockpit of its own spawn an agent on a fleet; return its VM."""
    async with other.engine() as engine:
        await order(engine, Spawn(name, AgentKind.WORKER, program="scripted"))
        return engine.agent_named(name).vm_id


def of(engine: Engine, agent: Agent) -> Agent:
    return engine.fleet_state.agents[agent.id]


async def test_each_source_works_and_a_sick_one_harms_no_other(
    fleet: FleetUnderTest, other_fleet: FleetUnderTest, tmp_path: Path
) -> None:
    far_vm = await spawned_by(other_fleet, "far")
    async with cockpit(fleet, other_fleet, tmp_path / "history.sqlite") as engine:
        await order(engine, Spawn("near", AgentKind.WORKER, program="scripted"))
        near, far = engine.agent_named("near"), engine.agent_named("far")
        assert (near.source, far.source) == ("north", "south")
        assert far.vm_id == far_vm
        assert {vm.source for vm in engine.fleet.vms} == {"north", "south"}
        # An agent is a place and a directory there.
        assert near.id == f"{near.vm_id}:{near.directory}" and near.directory
        await until(engine, lambda: of(engine, far).link.state is LinkState.UP, "the link to the far agent")
        for agent in (near, far):
            assert (await order(engine, Prompt(agent.id, "[say Hello.]"))).stage is Stage.DONE
        # Commands go to the source of their target.
        await order(engine, Pause(far.vm_id))
        assert engine.fleet_state.power(far.vm_id) is Power.PAUSED
        assert engine.fleet_state.power(near.vm_id) is Power.RUNNING
        await order(engine, Resume(far.vm_id))
        await order(engine, CreateTask("north's task"))
        await until(engine, lambda: len(engine.fleet.tasks) == 1, "the task")
        await order(engine, MoveTask(engine.fleet.tasks[0].id, "in_progress"))

        pid = serving_pid(other_fleet.places.fleet)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

        def is_sick() -> bool:
            health = engine.fleet.service("south vers")
            return health is not None and not health.ok

        await until(engine, is_sick, "the marked source")
        await until(engine, lambda: of(engine, far).link.state is not LinkState.UP, "the lost link")
        healthy = engine.fleet.service("north vers")
        assert healthy is not None and healthy.ok
        assert (await order(engine, Prompt(near.id, "[say Still here.]"))).stage is Stage.DONE
        assert far.id in engine.fleet_state.agents, "a source that does not answer has lost no agent"
        assert engine.fleet.vm(far.vm_id) is not None
        assert "not connected" in engine.disabled_reason(Prompt(far.id, "hello"))

        await asyncio.to_thread(other_fleet.run, "vms")  # Any verb starts that fleet's server again.
        await until(engine, lambda: not is_sick(), "the healthy source")
        await until(engine, lambda: of(engine, far).link.state is LinkState.UP, "the link again")
        assert (await order(engine, Prompt(far.id, "[say Back.]"))).stage is Stage.DONE
        await order(engine, Destroy(far.vm_id))
        assert far.id not in engine.fleet_state.agents and near.id in engine.fleet_state.agents


async def test_agents_of_both_sources_are_remembered(
    fleet: FleetUnderTest, other_fleet: FleetUnderTest, tmp_path: Path
) -> None:
    history = tmp_path / "history.sqlite"
    await spawned_by(other_fleet, "kept")
    async with cockpit(fleet, other_fleet, history) as engine:
        await until(engine, lambda: engine.agent_session(engine.agent_named("kept").id) is not None, "its session")
        before = engine.agent_named("kept")
    async with cockpit(fleet, other_fleet, history) as engine:
        after = engine.agent_named("kept")
        assert (after.id, after.source, after.directory, after.elsewhere) == (
            before.id,
            "south",
            before.directory,
            "",
        )
        assert len([agent for agent in engine.fleet.agents if agent.name == "kept"]) == 1


def test_two_sources_of_one_name_are_refused(fleet: FleetUnderTest) -> None:
    source = named_source(fleet, "same")
    with pytest.raises(ConfigError, match="names of their own"):
        Engine((source, source), None)  # type: ignore[arg-type]
