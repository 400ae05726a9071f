"""The keeper and the FIFO are part of why an agent is as it is, and a relaunch mends them; `err` can be read."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable

import pytest

from cockpit.config import AgentSettings, Settings
from cockpit.engine.engine import Engine
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.life import Relaunch
from cockpit.model.fleet import ActivityState, Agent, ProcessState
from cockpit.model.receipts.receipt import Stage
from cockpit.model.why import why
from tests.agents.scaffold.scaffold_machine import open_on
from tests.engine.evidence import agent_place, all_shown, assert_whole, out_file, stored_up_to
from tests.fleets import LIMIT, FleetUnderTest, order, spawned, until


def said_of(engine: Engine, agent: Agent) -> str:
    """Return why an agent is shown as it is now."""
    known = engine.fleet_state.agents[agent.id]
    return " ".join(why(known, engine.fleet_state.vms.get(agent.vm_id), engine.now()))


async def looked(engine: Engine, agent: Agent, condition: Callable[[], bool], what: str) -> None:
    """Have an agent's process looked at, and wait for what is found."""
    session = engine.agent_session(agent.id)
    assert session is not None
    session.look_at_process()
    await until(engine, condition, what)


async def test_a_keeper_that_is_gone_is_said_and_a_relaunch_mends_it(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        ada = await spawned(engine, "ada")
        assert "FIFO" not in said_of(engine, ada)
        fifo = agent_place(fleet, ada.vm_id) / "in"
        for pid in {pid for pid, descriptor in open_on(fifo) if descriptor == "1"}:
            os.kill(pid, signal.SIGKILL)
        told = "The keeper of its FIFO was gone, so it met the end of its input: relaunch"
        await until(engine, lambda: told in said_of(engine, ada), "what became of the keeper")
        assert engine.fleet_state.agents[ada.id].process.state is ProcessState.DEAD
        await order(engine, Relaunch(ada.id))
        await order(engine, Prompt(ada.id, "[say Back.]"))
        await looked(engine, ada, lambda: "FIFO" not in said_of(engine, ada), "a whole scaffold")


async def test_an_agent_without_a_fifo_is_alive_and_a_relaunch_makes_both_anew(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        bob = await spawned(engine, "bob")
        (agent_place(fleet, bob.vm_id) / "in").unlink()
        await looked(engine, bob, lambda: "Its FIFO is gone" in said_of(engine, bob), "the loss of the FIFO")
        assert engine.fleet_state.agents[bob.id].process.state is ProcessState.ALIVE
        await order(engine, Relaunch(bob.id))
        await order(engine, Prompt(bob.id, "[say Back.]"))
        await looked(engine, bob, lambda: "FIFO" not in said_of(engine, bob), "a whole scaffold")


async def test_what_a_living_agent_said_on_standard_error_can_be_read(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        cy = await spawned(engine, "cy")
    with (agent_place(fleet, cy.vm_id) / "err").open("a") as err:
        err.write("no warning, \x1b[31mbut telling\x1b[0m\n")
    printed = await asyncio.to_thread(fleet.run, "why", "cy")
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.startswith("cy: ") and "Its process has been alive" in printed.stdout
    assert "err: no warning, " in printed.stdout and "\x1b" not in printed.stdout
    found = json.loads((await asyncio.to_thread(fleet.run, "why", "cy", "--json")).stdout)
    assert found["process"] == "alive" and "but telling" in found["errors"][-1]
    unknown = await asyncio.to_thread(fleet.run, "why", "nobody")
    assert unknown.returncode == 3


async def test_a_large_output_begins_anew_and_no_line_is_lost(
    fleet: FleetUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fleet.engine() as engine:
        dan = await spawned(engine, "dan")
        await order(engine, Prompt(dan.id, "[say Before.]"))
    out = out_file(fleet, dan.vm_id)
    monkeypatch.setattr(fleet, "settings", Settings(agent=AgentSettings(max_out_bytes=out.stat().st_size - 1)))
    async with fleet.engine() as engine:
        await until(engine, lambda: engine.fleet_state.agents[dan.id].epoch == 2, "a new epoch")
        before = out.with_name("out.1").read_bytes()
        await order(engine, Prompt(dan.id, "[say After.]"))
        count = out.read_bytes().count(b"\n")
        await until(engine, lambda: engine.fleet_state.agents[dan.id].line >= count, "all lines")
        records = await stored_up_to(engine.store, dan.id, count)
        assert_whole([record for record in records if record.epoch == 1], before)
        assert_whole([record for record in records if record.epoch == 2], out.read_bytes())
        assert "Before." in str(await all_shown(engine, dan.id)) and "After." in str(await all_shown(engine, dan.id))


async def test_a_large_output_file_of_an_agent_that_somebody_else_started_stays(
    fleet: FleetUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fleet.engine() as engine:
        fay = await spawned(engine, "fay")
        await order(engine, Prompt(fay.id, "[say Before.]"))
    out = out_file(fleet, fay.vm_id)
    before = out.read_bytes()
    out.with_name("run").unlink()
    monkeypatch.setattr(fleet, "settings", Settings(agent=AgentSettings(max_out_bytes=1)))
    async with fleet.engine() as engine:
        await looked(engine, fay, lambda: "more than" in said_of(engine, fay), "that its file is too large")
        session = engine.agent_session(fay.id)
        assert session is not None
        for _ in range(2):
            # The second look begins when all that the first one led to is over.
            session.probed.clear()
            session.look_at_process()
            await asyncio.wait_for(session.probed.wait(), LIMIT)
        assert out.read_bytes().startswith(before) and not out.with_name("out.1").exists()
        assert engine.fleet_state.agents[fay.id].epoch == 1


async def test_a_large_output_file_stays_while_its_agent_works(
    fleet: FleetUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "settings", Settings(agent=AgentSettings(max_out_bytes=1)))
    async with fleet.engine() as engine:
        eve = await spawned(engine, "eve")
        await order(engine, Prompt(eve.id, "[bash sleep 30]"), Stage.CONSUMED)
        await until(engine, lambda: engine.fleet_state.agents[eve.id].run_open, "its work")
        await looked(engine, eve, lambda: "more than" in said_of(engine, eve), "that its file is too large")
        assert engine.fleet_state.agents[eve.id].activity.state is ActivityState.WORKING
        epoch = engine.fleet_state.agents[eve.id].epoch
        session = engine.agent_session(eve.id)
        assert session is not None
        session.probed.clear()
        session.look_at_process()
        await asyncio.wait_for(session.probed.wait(), LIMIT)
        assert engine.fleet_state.agents[eve.id].epoch == epoch
