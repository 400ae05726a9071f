"""Many agents behind one host whose sshd has its default MaxStartups: `python -m tests.bench.bench_storm`.

sshd drops connects at random once ten are unauthenticated (10:30:100). Counted: connects refused when all come at
once, with asyncssh alone and with the product's gate; and when all links are cut and come back by themselves, with the
waits they drew beside the uniform distribution.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import asyncssh

from cockpit.engine.clock import Clock
from cockpit.engine.state import FleetState
from cockpit.engine.streams.link import VmLink
from cockpit.model.fleet import Agent, AgentKind, LinkState
from cockpit.model.ids import agent_of
from cockpit.remote.errors import RemoteError
from cockpit.remote.ssh.backoff import Backoff
from cockpit.remote.ssh.connect_limit import ConnectLimit
from cockpit.remote.ssh.connection import Connection
from tests.bench.table import Table
from tests.bench.vms import LoopbackVms, loopback_vms
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.waiting import until

LIMITS = "MaxStartups 10:30:100"
REACH = 60.0
"""Seconds all links may take to be up."""

CRITICAL = 1.36
"""Over the square root of the sample's size: the 5 % bound of Kolmogorov and Smirnov's distance."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of many connects."""

    attempts: int
    refused: int
    wall: float
    """Seconds until the last one ended."""


async def by_asyncssh(vms: LoopbackVms) -> Outcome:
    """Connect to all at once."""
    began = time.monotonic()
    connects = (vms.bare_connection(number) for number in range(vms.count))
    outcomes = await asyncio.gather(*connects, return_exceptions=True)
    wall = time.monotonic() - began
    opened = [outcome for outcome in outcomes if isinstance(outcome, asyncssh.SSHClientConnection)]
    for connection in opened:
        connection.abort()
    await asyncio.gather(*(connection.wait_closed() for connection in opened))
    return Outcome(vms.count, vms.count - len(opened), wall)


async def by_gate(vms: LoopbackVms) -> Outcome:
    """Connect to all at once, as the product does."""
    connect_limit, keys = ConnectLimit(), MemoryHostKeys()
    connections = [vms.connection(number, keys, connect_limit) for number in range(vms.count)]
    began = time.monotonic()
    outcomes = await asyncio.gather(*(one.connect() for one in connections), return_exceptions=True)
    wall = time.monotonic() - began
    await asyncio.gather(*(connection.close() for connection in connections))
    return Outcome(vms.count, sum(1 for outcome in outcomes if outcome is not None), wall)


@dataclass
class Links:
    """The product's links to all VMs, with counters."""

    vms: LoopbackVms
    fleet_state: FleetState = field(default_factory=lambda: FleetState(Clock(), "benchmark"))
    attempts: int = 0
    refused: int = 0
    draws: list[float] = field(default_factory=list)
    """Waits drawn, as parts of their ceilings."""

    def __post_init__(self) -> None:
        self._gate = ConnectLimit()
        self._keys = MemoryHostKeys()
        self.links: list[VmLink] = []
        for number in range(self.vms.count):
            vm_id = self.vms.vm_id(number)
            self.fleet_state.put_agent(Agent(agent_of(vm_id), f"agent-{number}", AgentKind.WORKER, vm_id))
            backoff = Backoff(uniform=self._draw)
            self.links.append(
                VmLink(self.fleet_state, vm_id, self._connecting(number), Connection.wait_closed, backoff, lambda: ())
            )

    def _draw(self, low: float, high: float) -> float:
        delay = random.uniform(low, high)
        self.draws.append((delay - low) / (high - low))
        return delay

    def _connecting(self, number: int) -> Callable[[], Awaitable[Connection]]:
        async def connect() -> Connection:
            connection = self.vms.connection(number, self._keys, self._gate)
            self.attempts += 1
            try:
                await connection.connect()
            except RemoteError:
                self.refused += 1
                raise
            return connection

        return connect

    def all_up(self) -> bool:
        """Say whether all are shown up and are."""
        shown = all(agent.link.state is LinkState.UP for agent in self.fleet_state.agents.values())
        return shown and all(link.connection is not None and link.connection.connected for link in self.links)


async def by_links(vms: LoopbackVms) -> tuple[Outcome, list[float]]:
    """Let all links come up, cut them all at once on the server, and let them come back."""
    links = Links(vms)
    tasks = [asyncio.create_task(link.run()) for link in links.links]
    try:
        await until(links.all_up, REACH)
        links.attempts = links.refused = 0
        began = time.monotonic()
        vms.server(0).kill_sessions()
        await until(lambda: links.attempts >= vms.count and links.all_up(), REACH)
        return Outcome(links.attempts, links.refused, time.monotonic() - began), links.draws
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def distance(draws: Sequence[float]) -> float:
    """Return the greatest distance between the draws' distribution and the uniform one."""
    ordered = sorted(draws)
    count = len(ordered)
    return max((max((at + 1) / count - value, value - at / count) for at, value in enumerate(ordered)), default=0.0)


async def measure(agents: int) -> Table:
    """Let the same host meet all three storms."""
    with loopback_vms(agents, LIMITS) as vms:
        naive = await by_asyncssh(vms)
        await until(lambda: not vms.processes(), 30)
        gated = await by_gate(vms)
        await until(lambda: not vms.processes(), 30)
        links, draws = await by_links(vms)
    table = Table(
        f"{agents} agents behind one host with {LIMITS}",
        ("storm", "attempts", "refused", "refused %", "seconds", "goal"),
    )
    for name, outcome, goal in (
        ("asyncssh alone, all at once", naive, ""),
        ("cockpit: all at once, gated", gated, "0"),
        ("cockpit: all cut, back by themselves", links, "0"),
    ):
        share = f"{outcome.refused / max(1, outcome.attempts) * 100:.0f} %"
        table.add(name, str(outcome.attempts), str(outcome.refused), share, f"{outcome.wall:.2f}", goal)
    bound = CRITICAL / max(1, len(draws)) ** 0.5
    verdict = "uniform" if distance(draws) <= bound else "not uniform"
    table.note(f"{len(draws)} waits drawn: distance {distance(draws):.3f}, bound {bound:.3f} at 5 %: {verdict}")
    return table


def main(words: Sequence[str] | None = None) -> Table:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=100)
    arguments = parser.parse_args(words)
    table = asyncio.run(measure(arguments.agents))
    table.show()
    return table


if __name__ == "__main__":
    main()
