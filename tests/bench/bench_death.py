"""How soon a link that died silently is noticed: `python -m tests.bench.bench_death`.

A relay stops passing bytes in both directions while all connections stay open. The product shows the link silent from
the first missed heartbeat, and down once interval x (count + 1) seconds are over; beside it OpenSSH and asyncssh alone.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence

from cockpit.engine.clock import Clock
from cockpit.engine.state import FleetState
from cockpit.engine.streams.link import VmLink
from cockpit.model.fleet import Agent, AgentKind, LinkState
from cockpit.model.ids import VmId, agent_of
from cockpit.remote.ssh.backoff import Backoff
from cockpit.remote.ssh.connection import Connection
from tests.bench.table import Table, median, ratio
from tests.bench.vms import LoopbackVms, loopback_vms, relayed
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.waiting import until

STEP = 0.005
"""Seconds between two looks at what is shown."""

Seen = tuple[float, float]
"""Seconds from the fault until the link was shown silent (or zero), and until it was noticed."""


class _Links:
    """The product's links over one relay, with nothing on them."""

    def __init__(self, vms: LoopbackVms, port: int, interval: float, count: int) -> None:
        self.fleet_state = FleetState(Clock(), "benchmark")
        self._keys = MemoryHostKeys()
        self._vms = vms
        self._port = port
        self._options = (interval, count)
        self.links = []
        for number in range(vms.count):
            vm_id = vms.vm_id(number)
            self.fleet_state.put_agent(Agent(agent_of(vm_id), f"agent-{number}", AgentKind.WORKER, vm_id))
            self.links.append(
                VmLink(self.fleet_state, vm_id, self._connecting(number), Connection.wait_closed, Backoff(), lambda: ())
            )

    def _connecting(self, number: int) -> Callable[[], Awaitable[Connection]]:
        async def connect() -> Connection:
            interval, count = self._options
            endpoint = self._vms.server(number).endpoint(port=self._port, identity=self._vms.vm_id(number))
            key = self._vms.key(number)
            connection = Connection(endpoint, key, self._keys, keepalive_interval=interval, keepalive_count=count)
            await connection.connect()
            return connection

        return connect

    def state(self, vm_id: VmId) -> LinkState:
        """Return what is shown of a VM's link."""
        return self.fleet_state.agents[agent_of(vm_id)].link.state


async def _spread(interval: float) -> None:
    """Let a random part of an interval pass: where between two heartbeats a fault falls is what is measured."""
    await asyncio.sleep(random.uniform(0, interval))


async def by_cockpit(vms: LoopbackVms, interval: float, count: int) -> list[Seen]:
    """Freeze the product's links."""
    async with relayed(vms) as relay:
        links = _Links(vms, relay.port, interval, count)
        tasks = []
        for link in links.links:
            tasks.append(asyncio.create_task(link.run()))
            await _spread(interval / 4)
        try:
            ids = [link.vm_id for link in links.links]
            await until(lambda: all(links.state(vm_id) is LinkState.UP for vm_id in ids), 30)
            await _spread(interval)
            relay.freeze()
            return await _watch(links, ids, interval * (count + 1) * 3)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(links: _Links, ids: Sequence[VmId], within: float) -> list[Seen]:
    """Look every `STEP` seconds at what is shown, as an eye does, and note when each link was seen to be gone."""
    began = time.monotonic()
    silent: dict[VmId, float] = {}
    down: dict[VmId, float] = {}
    while len(down) < len(ids) and time.monotonic() < began + within:
        now = time.monotonic() - began
        for vm_id in ids:
            state = links.state(vm_id)
            if state is LinkState.SILENT:
                silent.setdefault(vm_id, now)
            elif state is not LinkState.UP:
                down.setdefault(vm_id, now)
        await asyncio.sleep(STEP)
    assert len(down) == len(ids), f"{len(ids) - len(down)} links are still shown alive after {within:g} s"
    return [(silent.get(vm_id, 0.0), down[vm_id]) for vm_id in ids]


async def _fates(waits: Sequence[Awaitable[object]], within: float) -> list[Seen]:
    began = time.monotonic()

    async def one(wait: Awaitable[object]) -> Seen:
        await asyncio.wait_for(wait, within)
        return 0.0, time.monotonic() - began

    return list(await asyncio.gather(*(one(wait) for wait in waits)))


async def by_asyncssh(vms: LoopbackVms, interval: float, count: int) -> list[Seen]:
    """Freeze connections of asyncssh alone, keepalive set."""
    async with relayed(vms) as relay:
        opened = []
        for number in range(vms.count):
            opened.append(await vms.bare_connection(number, port=relay.port, keepalive=(interval, count)))
            await _spread(interval / 4)
        relay.freeze()
        try:
            return await _fates([connection.wait_closed() for connection in opened], interval * (count + 1) * 3)
        finally:
            for connection in opened:
                connection.abort()


async def by_openssh(vms: LoopbackVms, interval: int, count: int) -> list[Seen]:
    """Freeze `ssh` children, ServerAliveInterval set."""
    alive = ("-o", f"ServerAliveInterval={interval}", "-o", f"ServerAliveCountMax={count}")
    async with relayed(vms) as relay:
        children = []
        for number in range(vms.count):
            words = [*vms.ssh_words(number, *alive, port=relay.port), "echo .; exec cat"]
            pipe = asyncio.subprocess.PIPE
            children.append(await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe))
            await _spread(interval / 4)
        try:
            for child in children:
                assert child.stdout is not None
                assert await child.stdout.readline()
            relay.freeze()
            return await _fates([child.wait() for child in children], interval * (count + 1) * 3)
        finally:
            for child in children:
                if child.returncode is None:
                    child.kill()
                await child.wait()


async def measure(links: int, interval: float, count: int, *, openssh: bool = True) -> Table:
    """Freeze all ways with the same interval, one after the other."""
    bound = interval * (count + 1)
    table = Table(
        f"{links} links freeze; keepalive every {interval:g} s, {count} missed heartbeats allowed: bound {bound:g} s",
        ("way", "shown silent", "to interval", "noticed", "worst", "worst to bound", "goal"),
    )
    with loopback_vms(links) as vms:
        ways = [("asyncssh alone, keepalive set", await by_asyncssh(vms, interval, count))]
        if openssh and float(interval).is_integer():
            ways.append(("OpenSSH, ServerAliveInterval set", await by_openssh(vms, int(interval), count)))
        ways.append(("cockpit: link", await by_cockpit(vms, interval, count)))
    for name, seen in ways:
        silent = [value for value, _ in seen if value]
        noticed = [value for _, value in seen]
        table.add(
            name,
            f"{median(silent):.2f} s" if silent else "never",
            ratio(median(silent), interval) if silent else "-",
            f"{median(noticed):.2f} s",
            f"{max(noticed):.2f} s",
            ratio(max(noticed), bound),
            "1.25 x",
        )
    missing = links - sum(1 for value, _ in ways[-1][1] if value)
    table.note(f"links that went down without having been shown silent first: {missing}")
    table.note("Without keepalive, asyncssh and OpenSSH notice nothing at all.")
    return table


def main(words: Sequence[str] | None = None) -> Table:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=10)
    parser.add_argument("--interval", type=float, default=2.0, help="seconds; the product's default is 15")
    parser.add_argument("--count", type=int, default=3)
    arguments = parser.parse_args(words)
    table = asyncio.run(measure(arguments.links, arguments.interval, arguments.count))
    table.show()
    return table


if __name__ == "__main__":
    main()
