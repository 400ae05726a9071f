"""How long a relaunch of the cockpit takes until all agents are live: `python -m tests.bench.bench_relaunch`.

Agents wrote while no cockpit ran. Live means: connected, resumed at the stored position, and the missed lines reduced.
Beside it, in the same run on the same servers: asyncssh alone that connects to all at once and runs one `tail` each.
"""

from __future__ import annotations

import argparse
import asyncio
import shlex
import time
from collections.abc import Sequence
from pathlib import Path

import asyncssh

from cockpit.remote.ssh.connect_limit import ConnectLimit
from tests.bench.lines import Agent
from tests.bench.rig import rig
from tests.bench.table import Table, median, ratio
from tests.bench.vms import LoopbackVms, loopback_vms
from tests.remote.memory_host_keys import MemoryHostKeys

PAST_LINES = 100
MISSED_LINES = 5
REACH = 180.0
"""Seconds after which a launch counts as stuck."""


async def bare(vms: LoopbackVms) -> float:
    """Return the seconds until asyncssh alone has heard a first byte from every agent's file."""
    began = time.perf_counter()

    async def one(number: int) -> asyncssh.SSHClientConnection:
        connection = await vms.bare_connection(number)
        command = f"exec tail -c 200 -F {shlex.quote(str(vms.out(number)))}"
        process: asyncssh.SSHClientProcess[bytes] = await connection.create_process(command, encoding=None)
        assert await process.stdout.read(1)
        return connection

    opened = await asyncio.gather(*(one(number) for number in range(vms.count)))
    took = time.perf_counter() - began
    for connection in opened:
        connection.abort()
    await asyncio.gather(*(connection.wait_closed() for connection in opened))
    return took


async def connects(vms: LoopbackVms) -> float:
    """Return the seconds until the product's connections alone stand, nothing run on them."""
    connect_limit, keys = ConnectLimit(), MemoryHostKeys()
    opened = [vms.connection(number, keys, connect_limit) for number in range(vms.count)]
    began = time.perf_counter()
    await asyncio.gather(*(connection.connect() for connection in opened))
    took = time.perf_counter() - began
    await asyncio.gather(*(connection.close() for connection in opened))
    return took


async def launch(vms: LoopbackVms, history: Path, lines: Sequence[int], *, remembered: bool) -> tuple[float, float]:
    """Return the seconds until the last known state of all agents is there, and until all are live."""
    began = time.perf_counter()
    async with rig(vms, history, remembered=remembered) as cockpit:
        known = time.perf_counter() - began
        cockpit.agent_sessions.focus(cockpit.agent_id(0))
        cockpit.attach()
        await cockpit.reach(lines, REACH)
        return known, time.perf_counter() - began


async def measure(agents: int, rounds: int, *, own_addresses: bool) -> Table:
    """Launch once to fill the store, then relaunch and compare, in turns."""
    took: dict[str, list[float]] = {"bare": [], "connect": [], "known": [], "live": []}
    with loopback_vms(agents, own_addresses=own_addresses) as vms:
        writers = [Agent() for _ in range(agents)]
        for number, agent in enumerate(writers):
            vms.out(number).write_bytes(agent.lines(PAST_LINES))
        history = vms.directory / "history.db"
        goal = PAST_LINES
        _, first = await launch(vms, history, [goal] * agents, remembered=False)
        for _ in range(rounds):
            took["bare"].append(await bare(vms))
            took["connect"].append(await connects(vms))
            for number, agent in enumerate(writers):
                with vms.out(number).open("ab") as file:
                    file.write(agent.lines(MISSED_LINES))
            goal += MISSED_LINES
            known, live = await launch(vms, history, [goal] * agents, remembered=True)
            took["known"].append(known)
            took["live"].append(live)
    where = "each behind an address of its own" if own_addresses else "all behind one address"
    table = Table(
        f"{agents} agents, {where}, median of {rounds}",
        ("what", "seconds", "to bare", "goal"),
    )
    base = median(took["bare"])
    for name, value, goal_text in (
        ("asyncssh alone: connect + exec", base, ""),
        ("cockpit: connections alone", median(took["connect"]), ""),
        ("relaunch: last known state shown", median(took["known"]), "before any connection"),
        ("relaunch: all live", median(took["live"]), "1.25 x"),
        ("first launch: all live", first, ""),
    ):
        table.add(name, f"{value:.2f} s", ratio(value, base), goal_text)
    return table


def main(words: Sequence[str] | None = None) -> Table:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--one-address", action="store_true", help="all agents behind one host, as in a local fleet")
    arguments = parser.parse_args(words)
    table = asyncio.run(measure(arguments.agents, arguments.rounds, own_addresses=not arguments.one_address))
    table.show()
    return table


if __name__ == "__main__":
    main()
