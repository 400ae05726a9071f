"""The screens that `bench_screen` measures, each to be run on a terminal: `python -m tests.bench.screen_load KIND`.

`hello` is a Textual application with one input; `text` is one that draws a streamed text; `cockpit` is the cockpit over
an engine that stands still but for what streams; `links` is one that reads its agents over SSH. Each notes the longest
time its loop stood still in the file GAPS, and its process beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path

from cockpit.cli.screen import prepare_framework
from cockpit.model import events as ev
from cockpit.model.commands.command import Command
from cockpit.model.fleet import Activity, ActivityState, Agent, AgentKind, Fleet, Power, ProcessState, Vm
from cockpit.model.ids import AgentId, agent_of
from cockpit.model.refusals.grounds import Refusal
from cockpit.model.refusals.refusal import refusal
from cockpit.model.transcript.transcript import Transcript
from cockpit.ui.keys_first import run_screen
from tests.bench.rig import Rig, rig
from tests.bench.vms import VmAddresses
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.scene import make_agent, vm_id

STEP = 0.05
"""Seconds between two pieces of a streamed text."""
PARTS = 10
"""Parts of a step: the agents do not write all at once."""
TICK = 0.005
"""Seconds between two looks whether the loop runs."""
WORDS = ("the", "plan", "splits", "work", "into", "small", "tasks", "and", "tests", "each", "of", "them")


async def beside(screen: Coroutine[object, object, object], *load: Coroutine[object, object, None]) -> None:
    """Run a screen, and what loads it until it ends."""
    tasks = [asyncio.create_task(work) for work in load]
    try:
        await screen
    finally:
        for task in tasks:
            task.cancel()


async def note_gaps(path: Path) -> None:
    """Write the longest time the loop stood still, each time it grows; where the file is taken away it begins anew.

    Beside it stands the most processor time that the loop took between two chances of a timer: what a busy machine adds
    to the first is not in it.
    """
    longest, before = 0.0, time.monotonic()
    most, spent = 0.0, time.thread_time()
    while True:
        await asyncio.sleep(TICK)
        now = time.monotonic()
        if not os.path.exists(path):  # noqa: ASYNC240, PTH110 - it is looked at each tick, and is in memory
            longest = most = 0.0
        took = time.thread_time() - spent
        if now - before > longest or took > most:
            longest, most = max(longest, now - before), max(most, took)
            with path.open("w") as file:
                file.write(f"{longest:.4f} {most:.4f}")
        before, spent = now, time.thread_time()


def engine_of(agents: int) -> FakeEngine:
    """Return an engine with so many lieutenants."""
    made = []
    for number in range(1, agents + 1):
        activity = Activity(ActivityState.WORKING, NOW)
        made.append(make_agent(number, f"agent-{number:03}", AgentKind.LIEUTENANT, activity))
    vms = tuple(Vm(vm_id(number), Power.RUNNING) for number in range(1, agents + 1))
    return FakeEngine(Fleet(vms=vms, agents=tuple(made)))


async def cockpit(agents: int, streaming: int, gaps: Path) -> None:
    """Run the cockpit over some agents, the first of which stream."""
    from cockpit.ui.app import CockpitApp
    from cockpit.ui.terminal.driver import TerminalDriver

    engine = engine_of(agents)
    app = CockpitApp(engine, driver_class=TerminalDriver)
    await beside(app.run_async(), note_gaps(gaps), stream(engine, streaming))


async def stream(engine: FakeEngine, streaming: int) -> None:
    """Let agents write, each at its own time, and the clock run."""
    words = itertools.cycle(WORDS)
    began = time.monotonic()
    for number in range(1, streaming + 1):
        engine.say(agent_of(vm_id(number)), ev.RunStarted(), ev.MessageStarted("assistant"), ev.BlockStarted(0, "text"))
    for step in itertools.count():
        await asyncio.sleep(STEP / PARTS)
        engine.clock = NOW + time.monotonic() - began
        agents = list(engine.fleet.agents)
        for number in range(step % PARTS, streaming, PARTS):
            text = next(words) + (" " if step % 70 else "\n\n")
            engine.say(agents[number].id, ev.TextDelta(0, text), at=engine.clock)
            agents[number] = replace(agents[number], link=replace(agents[number].link, last_byte_at=engine.clock))
        if streaming:
            engine.change(replace(engine.fleet, agents=tuple(agents)))


class LinkedEngine(FakeEngine):
    """An engine whose agents are read by the engine's real reading side."""

    def __init__(self, reading: Rig) -> None:
        super().__init__()
        self._reading = reading

    @property
    def revision(self) -> int:
        """Grows with each change."""
        return self._reading.fleet_state.revision

    @property
    def fleet(self) -> Fleet:
        """The newest snapshot."""
        return self._reading.fleet_state.snapshot()

    def transcript(self, agent: AgentId) -> Transcript:
        """Return an agent's transcript."""
        return self._reading.fleet_state.transcript(agent)

    def now(self) -> float:
        """Return the time."""
        return self._reading.clock.now()

    def refusal(self, command: Command) -> Refusal | None:
        """Refuse by the rules of the engine."""
        return refusal(command, self.fleet, self.facilities)

    def make_way(self, key_waits: Callable[[], bool]) -> None:
        """Have reading wait for keys."""
        self._reading.agent_sessions.rounds.key_waits = key_waits

    def focus(self, agent: AgentId | None) -> None:
        """Read one agent the moment it writes."""
        self._reading.recorder.focus(agent)
        self._reading.agent_sessions.focus(agent)


async def links(addresses: VmAddresses, gaps: Path, shown: bool) -> None:
    """Run the cockpit over agents that are read over SSH, or its reading side alone."""
    from cockpit.ui.app import CockpitApp
    from cockpit.ui.terminal.driver import TerminalDriver

    async with rig(addresses, gaps.with_suffix(".db")) as reading:
        for number in range(addresses.count):
            reading.fleet_state.put_vm(Vm(addresses.vm_id(number), Power.RUNNING, source="benchmark"))
        reading.attach()
        app = CockpitApp(LinkedEngine(reading), driver_class=TerminalDriver)
        screen = app.run_async() if shown else asyncio.Event().wait()
        if not shown:
            print("no screen", flush=True)
        await beside(screen, note_gaps(gaps), note_linked(reading, gaps.with_suffix(".linked")))


async def note_linked(reading: Rig, path: Path) -> None:
    """Write a file once every agent is known to live, and is read."""

    def linked(agent: Agent) -> bool:
        return agent.process.state is ProcessState.ALIVE and agent.line > 0

    await reading.fleet_state.until(lambda: all(map(linked, reading.agents())))
    path.touch()  # noqa: ASYNC240 - it is in memory


def main() -> None:
    """Run one of the screens."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("hello", "text", "cockpit", "links"))
    parser.add_argument("gaps", type=Path)
    parser.add_argument("--agents", type=int, default=6)
    parser.add_argument("--streaming", type=int, default=0)
    parser.add_argument("--addresses", type=Path)
    parser.add_argument("--unseen", action="store_true", help="with `links`: without a screen")
    options = parser.parse_args()
    options.gaps.with_suffix(".pid").write_text(str(os.getpid()))
    if options.kind == "cockpit":
        prepare_framework(low_bandwidth=False)
        run_screen(cockpit(options.agents, options.streaming, options.gaps))
    elif options.kind == "links":
        prepare_framework(low_bandwidth=False)
        run_screen(links(VmAddresses.read(options.addresses), options.gaps, not options.unseen))
    else:
        from tests.bench.hello import Hello, Text

        app = Hello() if options.kind == "hello" else Text()
        asyncio.run(beside(app.run_async(), note_gaps(options.gaps)))


if __name__ == "__main__":
    main()
