"""The screens that `bench_screen` measures, each to be run on a terminal: `python -m tests.bench.screen_load KIND`.

`hello` is a Textual application with one input; `text` is one that draws a streamed text; `cockpit` is the cockpit over
an engine that stands still but for what streams. Each notes the longest time its loop stood still in the file GAPS.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import time
from dataclasses import replace
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import Input, Static

from cockpit.model import events as ev
from cockpit.model.fleet import Activity, ActivityState, AgentKind, Fleet, Power, Vm
from cockpit.model.ids import agent_of
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.scene import make_agent, vm_id

STEP = 0.05
"""Seconds between two pieces of a streamed text."""
TICK = 0.005
"""Seconds between two looks whether the loop runs."""
WORDS = ("the", "plan", "splits", "work", "into", "small", "tasks", "and", "tests", "each", "of", "them")


async def note_gaps(path: Path) -> None:
    """Write the longest time the loop stood still, each time it grows."""
    longest, before = 0.0, time.monotonic()
    while True:
        await asyncio.sleep(TICK)
        now = time.monotonic()
        if now - before > longest:
            longest = now - before
            with path.open("w") as file:
                file.write(f"{longest:.4f}")
        before = now


class Hello(App[None]):
    """One input."""

    def __init__(self, gaps: Path) -> None:
        super().__init__()
        self.gaps = gaps

    def compose(self) -> ComposeResult:
        yield Input(placeholder="ready")

    def on_mount(self) -> None:
        self.run_worker(note_gaps(self.gaps))


class Text(Hello):
    """A text that grows, as an answer does."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="ready")
        yield Static("", id="text")

    def on_mount(self) -> None:
        super().on_mount()
        words = itertools.cycle(WORDS)
        said: list[str] = []

        def step() -> None:
            said.append(next(words))
            self.query_one(Static).update(" ".join(said[-600:]))

        self.set_interval(STEP, step)


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
    load = [asyncio.create_task(note_gaps(gaps)), asyncio.create_task(stream(engine, streaming))]
    try:
        await app.run_async()
    finally:
        for task in load:
            task.cancel()


async def stream(engine: FakeEngine, streaming: int) -> None:
    """Let agents write, and the clock run."""
    words = itertools.cycle(WORDS)
    began = time.monotonic()
    for number in range(1, streaming + 1):
        engine.say(agent_of(vm_id(number)), ev.RunStarted(), ev.MessageStarted("assistant"), ev.BlockStarted(0, "text"))
    for step in itertools.count():
        await asyncio.sleep(STEP)
        engine.clock = NOW + time.monotonic() - began
        if not streaming:
            continue
        for number in range(1, streaming + 1):
            text = next(words) + (" " if step % 7 else "\n\n")
            engine.say(agent_of(vm_id(number)), ev.TextDelta(0, text), at=engine.clock)
        fleet = engine.fleet
        changed = [replace(agent, link=replace(agent.link, last_byte_at=engine.clock)) for agent in fleet.agents]
        engine.change(replace(fleet, agents=(*changed[:streaming], *fleet.agents[streaming:])))


def main() -> None:
    """Run one of the screens."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("hello", "text", "cockpit"))
    parser.add_argument("gaps", type=Path)
    parser.add_argument("--agents", type=int, default=6)
    parser.add_argument("--streaming", type=int, default=0)
    options = parser.parse_args()
    if options.kind == "cockpit":
        asyncio.run(cockpit(options.agents, options.streaming, options.gaps))
    else:
        (Hello if options.kind == "hello" else Text)(options.gaps).run()


if __name__ == "__main__":
    main()
