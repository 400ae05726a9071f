"""What an embedded fleet of many scripted agents takes, and how soon it is back: `python -m tests.bench.bench_fleet`.

Memory is the sum of PSS of everything the fleet runs, beside as many bare interpreters that have the modules loaded
which any such agent needs. The server is then killed without warning; it is back when a cockpit that is started at once
reads every agent again. Beside that: the same of a fleet without a VM.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from cockpit.embedded.endpoint import ServerEndpoint, read_endpoint
from cockpit.embedded.lifecycle import ensure_started
from cockpit.engine.engine import Engine
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import AgentKind, LinkState
from cockpit.model.receipts.receipt import Stage
from tests.bench.table import Table, proportional_memory, ratio
from tests.fleets import FleetUnderTest, fleet_under_test

MIB = 1024 * 1024
MEMORY_GOAL = 1536.0
"""MiB for a hundred agents."""
TIME_GOAL = 30.0
"""Seconds until a hundred agents are back."""
REACH = 900.0
"""Seconds after which the fleet counts as stuck."""
TOGETHER = 10
"""Agents that are started at once."""

BARE = "import asyncio, json, sqlite3, pathlib, signal, sys; print(flush=True); sys.stdin.read()"


KINDS = (
    (b"scripted_agent", "agents"),
    (b"tmux", "tmux servers"),
    (b"sandbox/init", "first processes"),
    (b"sandbox/fork_server", "first processes"),
)


def kind_of(pid: int) -> str:
    """Return what a process of a sandbox is, in a word for the table."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes()
    return next((kind for sign, kind in KINDS if sign in words), "shells and the like")


def members(vm_ids: set[str]) -> set[int]:
    """Return the processes of VMs: those that carry an id, what descends from them, and the first ones above them."""
    signs = [f"COCKPIT_SANDBOX={vm_id}\0".encode() for vm_id in vm_ids]
    found: set[int] = set()
    firsts: set[int] = set()
    parents: dict[int, int] = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with contextlib.suppress(OSError):
                carried = (place / "environ").read_bytes()
                parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
                if b"sandbox/init.py" in (place / "cmdline").read_bytes():
                    firsts.add(int(place.name))
                if b"COCKPIT_SANDBOX=" in carried and any(sign in carried for sign in signs):
                    found.add(int(place.name))
    while below := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= below
    return found | (firsts & {parents[pid] for pid in found})


def children_of(pid: int) -> list[int]:
    """Return the processes that the server keeps for itself."""
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for path in listed for word in path.read_text().split()]


def memory(vm_ids: set[str], server: int) -> Counter[str]:
    """Return the bytes of each kind of process, the server's among them."""
    sizes = Counter({"server": proportional_memory(server)})
    for pid in members(vm_ids) | set(children_of(server)):
        with contextlib.suppress(OSError):
            sizes[kind_of(pid)] += proportional_memory(pid)
    return sizes


def bare_memory(count: int) -> int:
    """Return the bytes of as many bare interpreters."""
    running = [
        subprocess.Popen([sys.executable, "-I", "-c", BARE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(count)
    ]
    try:
        for process in running:
            assert process.stdout is not None and process.stdout.readline() == b"\n"
        return sum(proportional_memory(process.pid) for process in running)
    finally:
        for process in running:
            process.communicate()


async def populate(engine: Engine, count: int) -> None:
    """Start the agents, some at a time."""
    gate = asyncio.Semaphore(TOGETHER)

    async def one(number: int) -> None:
        async with gate:
            order = engine.dispatch(Spawn(f"agent-{number}", AgentKind.WORKER, "bench", program="scripted"))
            receipt = await engine.outcome(order, until=Stage.DONE, timeout=REACH)
            assert receipt.stage is Stage.DONE, receipt

    await asyncio.gather(*(one(number) for number in range(count)))


def read(engine: Engine, count: int) -> bool:
    """Say whether every agent is there and its link stands."""
    agents = engine.fleet_state.agents.values()
    return len(agents) == count and all(agent.link.state is LinkState.UP for agent in agents)


async def back(fleet: FleetUnderTest, count: int) -> float:
    """Kill the server and return the seconds until a new cockpit reads all agents."""
    endpoint = read_endpoint(fleet.places.fleet)
    assert endpoint is not None
    os.kill(endpoint.pid, signal.SIGKILL)
    began = time.perf_counter()
    async with fleet.engine() as engine:
        assert await engine.fleet_state.until(lambda: read(engine, count), REACH), "agents did not come back"
        return time.perf_counter() - began


def serving(root: Path) -> ServerEndpoint:
    """Return the server of a fleet, started if there is none."""
    return ensure_started(root, 120.0)


async def started(fleet: FleetUnderTest, count: int) -> set[str]:
    """Start the agents and return the ids of their VMs; the cockpit that started them is gone then."""
    async with fleet.engine() as engine:
        await populate(engine, count)
        return {str(agent.vm_id) for agent in engine.fleet_state.agents.values()}


def measure(count: int) -> Table:
    """Measure with so many agents."""
    table = Table(f"an embedded fleet of {count} scripted agents", ("what", "figure", "each", "ratio", "goal"))
    goals = (f"{MEMORY_GOAL:.0f} MiB", f"{TIME_GOAL:.0f} s") if count == 100 else ("", "")
    bare = bare_memory(count)
    table.add("bare interpreters", f"{bare / MIB:.0f} MiB", f"{bare / MIB / count:.1f} MiB", "1.00 x", "")
    with fleet_under_test() as fleet:
        serving(fleet.places.fleet)
        alone = asyncio.run(back(fleet, 0))
        vm_ids = asyncio.run(started(fleet, count))
        sizes = memory(vm_ids, serving(fleet.places.fleet).pid)
        for kind, size in sizes.most_common():
            table.add(kind, f"{size / MIB:.0f} MiB", f"{size / MIB / count:.1f} MiB", ratio(size, bare), "")
        total = sum(sizes.values())
        each = f"{total / MIB / count:.1f} MiB"
        table.add("all of it", f"{total / MIB:.0f} MiB", each, ratio(total, bare), goals[0])
        took = asyncio.run(back(fleet, count))
        table.add("back without a VM", f"{alone:.1f} s", "", "1.00 x", "")
        each = f"{took / count * 1000:.0f} ms"
        table.add("back after kill -9", f"{took:.1f} s", each, ratio(took, alone), goals[1])
    return table


def main(words: Sequence[str] | None = None) -> Table:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=100)
    options = parser.parse_args(words)
    table = measure(options.agents)
    table.show()
    return table


if __name__ == "__main__":
    main()
