"""One agent's trouble stays its own: a flood, too few file descriptors, a defect of ours, a clock that jumps."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any
from unittest import mock

import psutil  # type: ignore[import-untyped]

from cockpit.engine.clock import Clock
from cockpit.engine.state import FleetState
from cockpit.engine.streams import agent_sessions
from cockpit.engine.streams.link import VmLink
from cockpit.model.events import Record
from cockpit.model.fleet import Agent, AgentKind, LinkState
from cockpit.model.ids import AgentId, VmId
from cockpit.remote.errors import HostUnreachable
from cockpit.remote.ssh.backoff import Backoff
from cockpit.remote.ssh.connection import Connection
from tests.faults.conftest import MakeMachine
from tests.faults.harness import LIMIT, running
from tests.remote.waiting import until

FLOOD = (
    "import sys, time\n"
    "out = open(sys.argv[1], 'ab', buffering=0)\n"
    'line = b\'{"type":"note","text":"\' + b\'x\' * 60 + b\'"}\\n\'\n'
    "end = time.monotonic() + float(sys.argv[2])\n"
    "while time.monotonic() < end: out.write(line * 1000); time.sleep(0.008)\n"
)
"""About a hundred thousand lines a second."""


async def test_a_flood_holds_its_own_vm_back_and_nobody_else(make_machine: MakeMachine) -> None:
    loud, calm = make_machine(), make_machine()
    async with running(loud.home, [loud, calm]) as stack:
        await stack.up(loud)
        await stack.up(calm)
        before = psutil.Process().memory_info().rss
        flood = subprocess.Popen([sys.executable, "-c", FLOOD, str(loud.out), "4"])  # noqa: ASYNC220  (returns at once)
        waits: list[float] = []
        try:
            while flood.poll() is None:
                count = calm.ledger.newest.lines
                calm.writer.lines(1)
                written = time.monotonic()
                await until(lambda count=count: calm.ledger.newest.lines > count)  # type: ignore[misc]
                waits.append(time.monotonic() - written)
                await asyncio.sleep(0.05)
        finally:
            flood.kill()
            flood.wait()
        grown = psutil.Process().memory_info().rss - before
        written_bytes = loud.out.stat().st_size
        assert written_bytes > 8 << 20
        assert statistics.median(waits) < 0.5 and max(waits) < 2.0, f"{statistics.median(waits)}, {max(waits)}"
        assert grown < 200 << 20, f"{grown >> 20} MB held of {written_bytes >> 20} MB"
        await stack.shows(calm, LinkState.UP)
        await stack.whole(calm)


async def test_too_few_file_descriptors_are_said_and_recovered_from(make_machine: MakeMachine) -> None:
    many = [make_machine() for _ in range(5)]
    async with running(many[0].home, many) as stack:
        for one in many:
            await stack.up(one)
        for one in many[1:]:
            one.relay.refuse = True
            one.relay.cut()
        for one in many[1:]:
            await stack.shows(one, LinkState.DOWN)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        used = max(int(name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH208  (numbers, not paths)
        holes: list[int] = []

        def said() -> bool:
            # What ended attempts give back is taken, too.
            with contextlib.suppress(OSError):
                while True:
                    holes.append(os.open("/dev/null", os.O_RDONLY))
            # The host keys are read first, and SQLite has words of its own for it.
            words = ("Too many open files", "unable to open database file")
            return all(any(word in stack.link(one).reason for word in words) for one in many[1:])

        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (used, hard))
            await until(said)
            assert stack.link(many[0]).state is LinkState.UP
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for hole in holes:
                os.close(hole)
            for one in many[1:]:
                one.relay.refuse = False
        for one in many:
            one.writer.lines(20)
        for one in many:
            await stack.whole(one)


async def test_a_defect_in_one_agents_task_is_shown_and_that_agent_alone_restarts(make_machine: MakeMachine) -> None:
    broken, fine = make_machine(), make_machine()
    async with running(broken.home, [broken, fine]) as stack:
        await stack.up(broken)
        await stack.up(fine)
        fold: Callable[[Sequence[Record]], None] = stack.recorder.fold_all
        raised: list[Record] = []

        def defect(records: Sequence[Record]) -> None:
            if records and records[0].agent == broken.name and not raised:
                raised.append(records[0])
                raise ZeroDivisionError("planted")
            fold(records)

        connected = stack.connection(fine)
        with (
            mock.patch.object(stack.recorder, "fold_all", defect),
            mock.patch.object(agent_sessions, "RESTART_DELAY", 0.2),
        ):
            broken.writer.lines(5)
            await until(lambda: bool(raised))
            await until(lambda: any("internal error" in notice for notice in stack.fleet_state.notices))
            fine.writer.lines(20)
            await stack.whole(fine)
            assert stack.connection(fine) is connected, "untouched"
            broken.writer.lines(5)
            agent = AgentId(broken.name)
            await until(lambda: stack.fleet_state.agents[agent].line == 10, LIMIT)
        await stack.stored_as_delivered(broken)


def test_ages_follow_the_monotonic_clock_whatever_the_wall_says() -> None:
    wall, monotonic = [1_000_000.0], [50.0]
    clock = Clock(lambda: wall[0], lambda: monotonic[0])
    began = clock.now()
    for jump in (3600.0, -7200.0):
        wall[0] += jump
        monotonic[0] += 1.0
        assert clock.now() - began == monotonic[0] - 50.0


async def test_a_jump_of_the_wall_clock_disturbs_no_link(make_machine: MakeMachine) -> None:
    machine = make_machine()
    async with running(machine.home, [machine]) as stack:
        await stack.up(machine)
        machine.writer.lines(10)
        await stack.whole(machine)
        real = time.time
        for jump in (3600.0, -3600.0):
            with mock.patch("time.time", lambda jump=jump: real() + jump):
                began = stack.fleet_state.clock.now()
                machine.writer.lines(10)
                await stack.whole(machine)
                await asyncio.sleep(0.7)
                assert 0 < stack.fleet_state.clock.now() - began < LIMIT
        assert machine.relay.accepted == 1, "no reconnect"


async def test_two_hundred_links_come_back_spread_and_each_below_its_ceiling() -> None:
    """After an outage of all, the next attempts fill the whole interval evenly: no second is twice the mean."""
    chance = random.Random(3)
    fleet_state = FleetState(Clock(), "test")
    links = []

    async def unreachable() -> Connection:
        raise HostUnreachable("nobody there")

    async def never(connection: Connection) -> None:
        raise AssertionError(connection)

    for number in range(200):
        vm_id = VmId(f"vm-{number}")
        fleet_state.put_agent(Agent(AgentId(vm_id), vm_id, AgentKind.WORKER, vm_id))
        backoff = Backoff(base=8.0, uniform=chance.uniform)
        links.append(VmLink(fleet_state, vm_id, unreachable, never, backoff, lambda: ()))
    tasks = [asyncio.create_task(link.run()) for link in links]
    try:
        await until(lambda: all(link.settled.is_set() for link in links))
        await until(lambda: all(agent.link.state is LinkState.DOWN for agent in fleet_state.agents.values()))
        waits = [_wait(agent) for agent in fleet_state.agents.values()]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    tenths = [sum(1 for wait in waits if place <= wait / 0.8 < place + 1) for place in range(10)]
    assert sum(tenths) >= 190 and max(tenths) <= 40 and min(tenths) >= 5, tenths


def _wait(agent: Agent) -> Any:
    assert agent.link.retry_at is not None
    return agent.link.retry_at - agent.link.since
