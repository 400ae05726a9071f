"""Twelve hours open, in minutes: `python -m tests.bench.bench_hours [--minutes 15] [--hours 12]`.

A real screen on a terminal of 160 by 45 cells, over six agents whose runs, tools and failures come as fast as the loop
takes them, with a store behind them that is pruned, while the clock runs through the hours. The operator walks through
list, agent, board, inbox and search. Told are memory, handles, tasks, the store's size, and the time a key takes to
stand on the screen, a tenth of the time after the other: what grows or drifts is seen.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import itertools
import json
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from cockpit.cli.screen import prepare_framework
from cockpit.model import events as ev
from cockpit.model.content import Block, Usage
from cockpit.model.events import Record
from cockpit.model.fleet import Activity, ActivityState, AgentKind, Fleet, Power, Vm
from cockpit.model.ids import AgentId
from tests.bench.bench_screen import Measured
from tests.bench.table import Table, milliseconds, percentile
from tests.ui.fake_engine import NOW
from tests.ui.scene import make_agent
from tests.ui.stored_engine import StoredEngine, stored_engine

AGENTS = 6
TICK = 0.05
"""Seconds between two rounds of events."""
STORE_BYTES = 20_000_000
"""The store may take so much; it is pruned as the engine does it."""
PRUNE_EVERY = 10.0
PARTS = 10
WORDS = "the plan splits work into small tasks and tests each of them before it goes on \n\n"
KEYS = "jjjkkk"


def fleet() -> Fleet:
    """Return six lieutenants at work."""
    made = tuple(
        make_agent(number, f"agent-{number:03}", AgentKind.LIEUTENANT, Activity(ActivityState.WORKING, NOW))
        for number in range(1, AGENTS + 1)
    )
    return Fleet(vms=tuple(Vm(agent.vm_id, Power.RUNNING) for agent in made), agents=made)


def run_of(turn: int) -> tuple[ev.Event, ...]:
    """Return one whole turn of an agent: words as they stream, a tool with output, an answer, its end."""
    said = WORDS * (1 + turn % 3)
    call = f"c{turn}"
    return (
        ev.RunStarted(),
        ev.MessageStarted("user", f"task {turn}"),
        ev.MessageStarted("assistant"),
        ev.BlockStarted(0, "text"),
        *(ev.TextDelta(0, said[at : at + 20]) for at in range(0, len(said), 20)),
        ev.MessageEnded("assistant", (Block("text", said),), Usage(100, 20, 0, 0, 0.001), "toolUse"),
        ev.ToolStarted(call, "bash", {"command": f"pytest -q tests/{turn}"}),
        ev.ToolOutput(call, "passed\n" * 40),
        ev.ToolEnded(call, "bash", "passed\n" * 40, turn % 7 == 0),
        ev.RunEnded(),
        ev.RunSettled(),
    )


class Load:
    """Lets agents work in a store and on a screen, and the clock run through the hours."""

    def __init__(self, engine: StoredEngine, seconds: float, hours: float, figures: Path) -> None:
        self._engine = engine
        self._seconds = seconds
        self._hours = hours
        self._figures = figures
        self._lines = dict.fromkeys((agent.id for agent in engine.fleet.agents), 0)
        self._events = 0

    async def run(self) -> None:
        """Do it until it is cancelled; tell ten times what is held."""
        began, turn, part, pruned = time.monotonic(), itertools.count(), 0, 0.0
        pending = {agent: iter(run_of(next(turn))) for agent in self._lines}
        while True:
            await asyncio.sleep(TICK)
            passed = time.monotonic() - began
            self._engine.clock = NOW + passed / self._seconds * self._hours * 3600
            for agent in list(pending):
                events = list(itertools.islice(pending[agent], 4))
                if not events:
                    pending[agent] = iter(run_of(next(turn)))
                else:
                    await self._engine.receive([self._record(agent, event) for event in events])
            agents = [
                replace(one, last_event_at=self._engine.clock, last_text=f"turn {self._events}")
                for one in self._engine.fleet.agents
            ]
            self._engine.change(replace(self._engine.fleet, agents=tuple(agents)))
            if passed - pruned > PRUNE_EVERY:
                pruned = passed
                await self._engine.store.prune(max_bytes=STORE_BYTES, max_age_seconds=30 * 86_400.0)
            if passed >= part * self._seconds / PARTS:
                part += 1
                self._tell()

    def _record(self, agent: AgentId, event: ev.Event) -> Record:
        self._events += 1
        self._lines[agent] += 1
        line = self._lines[agent]
        return Record(agent, 1, line, line * 100, line * 100 + 100, self._engine.clock, event)

    def _tell(self) -> None:
        gc.collect()
        process = psutil.Process()
        store = self._engine.store.path
        files = (store, store.with_name(f"{store.name}-wal"))
        held = {
            "hours": (self._engine.clock - NOW) / 3600,
            "rss": process.memory_info().rss,
            "files": process.num_fds(),
            "tasks": len(asyncio.all_tasks()),
            "threads": threading.active_count(),
            "store": sum(file.stat().st_size for file in files if file.exists()),
            "events": self._events,
        }
        with self._figures.open("a", encoding="utf-8") as file:
            file.write(json.dumps(held) + "\n")


async def screen(gaps: Path, seconds: float, hours: float) -> None:
    """Run the screen and its load until the terminal goes."""
    from cockpit.ui.app import CockpitApp
    from cockpit.ui.terminal.driver import TerminalDriver

    with tempfile.TemporaryDirectory(prefix="bench-hours-") as name:
        async with stored_engine(fleet(), Path(name) / "history.db") as engine:
            app = CockpitApp(engine, driver_class=TerminalDriver)
            load = asyncio.create_task(Load(engine, seconds, hours, gaps.with_suffix(".figures")).run())
            try:
                await app.run_async()
            finally:
                load.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await load


def measure(minutes: float, hours: float) -> Table:
    """Run a screen for so many minutes."""
    seconds = minutes * 60
    table = Table(
        f"{hours:.0f} hours of {AGENTS} working agents in {minutes:.1f} minutes, a screen of 160 by 45",
        ("hour", "events", "RSS", "files", "tasks", "threads", "store", "key p50", "key p95"),
    )
    words = ("--seconds", str(seconds), "--hours", str(hours))
    measured = Measured("hours", *words, module="tests.bench.bench_hours")
    try:
        measured.settle(min(2.0, seconds / 4))
        began = time.monotonic()
        for part in range(PARTS):
            felt: list[float] = []
            ends = began + (part + 1) * seconds / PARTS
            while time.monotonic() < ends:
                pointed, _shown = measured.moves(len(KEYS))
                felt += pointed
                for keys in ("b", "\x1b", "I", "\x1b", "T", "\x1b", "1\x1b[H"):
                    measured.type(keys, min(0.5, seconds / 50))
                measured.watch(max(0.0, min(5.0, ends - time.monotonic())))
            held = measured.figures()[-1]
            table.add(
                f"{held['hours']:.1f}",
                f"{held['events']:.0f}",
                f"{held['rss'] / 1e6:.0f} MB",
                f"{held['files']:.0f}",
                f"{held['tasks']:.0f}",
                f"{held['threads']:.0f}",
                f"{held['store'] / 1e6:.1f} MB",
                milliseconds(percentile(felt, 50)),
                milliseconds(percentile(felt, 95)),
            )
    finally:
        measured.close()
    table.note("Memory and store are bounded if the last rows are level; the screen drifts if its keys grow slower.")
    return table


def main(words: Sequence[str] | None = None) -> Table:
    """Measure and print; as `hours FIGURES` it is the screen that is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--hours", type=float, default=12.0)
    arguments = parser.parse_args(words)
    table = measure(arguments.minutes, arguments.hours)
    table.show()
    return table


def run_screen() -> None:
    """Be the screen that is measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("hours",))
    parser.add_argument("gaps", type=Path)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--hours", type=float, required=True)
    options = parser.parse_args()
    options.gaps.with_suffix(".pid").write_text(str(os.getpid()))
    prepare_framework(low_bandwidth=False)
    asyncio.run(screen(options.gaps, options.seconds, options.hours))


if __name__ == "__main__":
    import sys

    if sys.argv[1:2] == ["hours"]:
        run_screen()
    else:
        main()
