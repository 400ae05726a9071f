"""Ages are those of the file, not of our reading: at the first contact, and of one death however often learnt."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import time
from pathlib import Path

import pytest

from cockpit.agents.pi.decode import PiDecoder
from cockpit.agents.scaffold.answers import AgentState, ProbeResult
from cockpit.engine.clock import Clock
from cockpit.engine.engine import Engine
from cockpit.engine.streams.lines import LineStream
from cockpit.engine.streams.process import looked_at
from cockpit.model.commands.agent import Prompt
from cockpit.model.fleet import UNKNOWN_TIME, Agent, Process, ProcessState
from cockpit.model.ids import AgentId
from cockpit.model.why import why
from tests.engine.evidence import out_file
from tests.fleets import LIMIT, FleetUnderTest, order, poll, spawned, until
from tests.inside import on_host

HOUR = 3600.0


def test_what_the_file_held_is_as_old_as_the_file_and_what_comes_is_new() -> None:
    stream = LineStream(AgentId("a"), Clock(wall=lambda: 10_000.0, monotonic=lambda: 0.0), PiDecoder())
    stream.resume(0, 0, 1)
    stream.found(20, 600.0)
    first = stream.feed(b'{"type": "a"}\n')
    straddling = stream.feed(b'{"a":1\n}\n{"type": "c"}\n')
    assert [record.at for record in first] == [9_400.0]
    assert [record.at for record in straddling] == [10_000.0] * len(straddling) or straddling[0].at == 9_400.0
    assert straddling[-1].at == 10_000.0
    stream.found(1_000, None)
    assert stream.feed(b'{"type": "d"}\n')[0].at == 10_000.0, "an age that is not known ages nothing"


def probed(state: AgentState, **facts: float | str) -> ProbeResult:
    return dataclasses.replace(ProbeResult(state, run_id="r1"), **facts)  # type: ignore[arg-type]


def test_one_death_has_one_time_however_often_it_is_learnt() -> None:
    dead = looked_at(Process(), probed(AgentState.DEAD, ended_ago=720.0), 10_000.0)
    assert (dead.state, dead.since) == (ProcessState.DEAD, 9_280.0)
    again = looked_at(dead, probed(AgentState.DEAD, ended_ago=741.9), 10_021.0)
    assert again.since == 9_280.0
    failed = Process(since=10_030.0, run_id="r1", ended_at=dead.ended_at)
    assert looked_at(failed, probed(AgentState.DEAD), 10_040.0).since == 9_280.0
    nobody_wrote = looked_at(Process(), probed(AgentState.DEAD, written_ago=300.0), 10_000.0)
    assert nobody_wrote.since == 9_700.0
    seen_alive = Process(ProcessState.ALIVE, 9_000.0, run_id="r1")
    assert looked_at(seen_alive, probed(AgentState.DEAD, written_ago=900.0), 10_000.0).since == 10_000.0
    other_run = looked_at(dead, probed(AgentState.ALIVE, run_id="r2", started_ago=5.0), 10_100.0)
    assert (other_run.since, other_run.ended_at) == (10_095.0, None)
    assert looked_at(Process(), probed(AgentState.ALIVE), 10_000.0).since == UNKNOWN_TIME


async def newcomer(fleet: FleetUnderTest, place: Path) -> FleetUnderTest:
    stranger = FleetUnderTest(fleet.root)
    stranger.places = dataclasses.replace(fleet.places, history=place / "other.sqlite")
    return stranger


def ages(engine: Engine, agent: Agent) -> tuple[float, float]:
    known = engine.fleet_state.agents[agent.id]
    assert known.last_event_at is not None
    return engine.now() - known.last_event_at, engine.now() - known.process.since


@pytest.mark.parametrize("alive", [True, False], ids=["idle", "dead"])
async def test_a_newcomer_shows_the_age_of_the_output_and_of_the_end(
    fleet: FleetUnderTest, tmp_path: Path, alive: bool
) -> None:
    name = "ada" if alive else "bea"
    async with fleet.engine() as engine:
        agent = await spawned(engine, name)
        await order(engine, Prompt(agent.id, "[say Long ago.]"))
    out = out_file(fleet, agent.vm_id)
    if not alive:
        os.kill(on_host(int((out.parent / "pid").read_text()), agent.vm_id), signal.SIGKILL)
        await asyncio.to_thread(poll, (out.parent / "exit").exists, "the end")
        os.utime(out.parent / "exit", (time.time() - HOUR,) * 2)
    os.utime(out, (time.time() - HOUR,) * 2)
    async with (await newcomer(fleet, tmp_path)).engine() as engine:
        await engine.settled(LIMIT)
        wanted = ProcessState.ALIVE if alive else ProcessState.DEAD
        await until(engine, lambda: engine.fleet_state.agents[agent.id].process.state is wanted, "the process")
        last_event, process = ages(engine, agent)
        assert HOUR - 5 < last_event < HOUR + LIMIT
        if not alive:
            assert HOUR - 5 < process < HOUR + LIMIT
            said = why(engine.fleet_state.agents[agent.id], engine.fleet_state.vms[agent.vm_id], engine.now())
            assert any("Its process ended 1 h" in line or "Its process ended 59 min" in line for line in said), said
