"""The screens that `bench_screen` measures, each to be run on a terminal: `python -m tests.bench.screen_load KIND`.

`hello` is a Textual application with one input; `text` is one that draws a streamed text; `cockpit` is the cockpit over
an engine that stands still but for what streams. Each notes the longest time its loop stood still in the file GAPS, and
its process beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import time
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path

from cockpit.cli.screen import prepare_framework
from cockpit.model import events as ev
from cockpit.model.fleet import Activity, ActivityState, AgentKind, Fleet, Power, Vm
from cockpit.model.ids import agent_of
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
    """Write the longest time the loop stood still, each time it grows; where the file is taken away it begins anew."""
    longest, before = 0.0, time.monotonic()
    while True:
        await asyncio.sleep(TICK)
        now = time.monotonic()
        if not os.path.exists(path):  # noqa: ASYNC240, PTH110 - it is looked at each tick, and is in memory
            longest = 0.0
        if now - before > longest:
            longest = now - before
            with path.open("w") as file:
                file.write(f"{longest:.4f}")
        before = now


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


def main() -> None:
    """Run one of the screens."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("hello", "text", "cockpit"))
    parser.add_argument("gaps", type=Path)
    parser.add_argument("--agents", type=int, default=6)
    parser.add_argument("--streaming", type=int, default=0)
    options = parser.parse_args()
    options.gaps.with_suffix(".pid").write_text(str(os.getpid()))
    if options.kind == "cockpit":
        prepare_framework(low_bandwidth=False)
        asyncio.run(cockpit(options.agents, options.streaming, options.gaps))
    else:
        from tests.bench.hello import Hello, Text

        app = Hello() if options.kind == "hello" else Text()
        asyncio.run(beside(app.run_async(), note_gaps(options.gaps)))


if __name__ == "__main__":
    main()
