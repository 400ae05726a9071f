"""What an agent of a plain host costs over the one connection of all: `python -m tests.bench.bench_hosts`.

The same readers over a connection for each agent, and over one connection whose readers share a channel: processor
time on this side and on the host, memory of one more agent here, and memory of all servers, readers and files there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import psutil  # type: ignore[import-untyped]

from cockpit.agents.pi.decode import PiDecoder
from cockpit.engine.clock import Clock
from cockpit.engine.streams.agent_sessions import BACKGROUND_POLLING
from cockpit.engine.streams.reader import AgentReader, Batch
from cockpit.model.ids import agent_of
from cockpit.remote.hosts.connection import HostConnection
from cockpit.remote.hosts.host import PlainHost
from cockpit.remote.hosts.line import HostLine
from cockpit.remote.ssh.connect_limit import ConnectLimit
from cockpit.remote.ssh.connection import Connection
from cockpit.remote.ssh.read_batching import ReadBatching
from cockpit.store.store import Store
from tests.bench.bench_memory import in_a_child
from tests.bench.table import Table, own_memory, proportional_memory, ratio, running_seconds
from tests.bench.vms import ROOMY, LoopbackVms, loopback_vms
from tests.bench.writing import Plan, writer
from tests.remote.hosts.conftest import known_line
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.waiting import until

REACH = 120.0
"""Seconds all readers may take to be where the files are."""

DEFAULTS = ("MaxStartups 10:30:100", "MaxSessions 10")
"""What sshd has where nobody says otherwise."""

NOTE = "figures.json"

Figures = tuple[float, float, float, float]
"""Processor seconds here, and there, for each agent and second; bytes of one more agent here, and of one there."""


def host_of(vms: LoopbackVms) -> PlainHost:
    """Return the one server of all agents as a plain host."""
    server = vms.server(0)
    known = vms.directory / "known_hosts"
    known.write_text(known_line(server))
    endpoint = server.endpoint()
    return PlainHost(
        "bench",
        "127.0.0.1",
        endpoint.username,
        server.port,
        str(vms.key_file(0)),
        agent=False,
        known_hosts=str(known),
        config_file="/nowhere",
    )


async def figures(vms: LoopbackVms, warm: int, rate: float, seconds: float, *, shared: bool) -> Figures:
    """Read all agents in one of the two ways, while they write."""
    rounds, keys, limit = ReadBatching(), MemoryHostKeys(), ConnectLimit()
    host = host_of(vms)
    line = HostLine(lambda: HostConnection(host, keys, compression=False, read_batching=rounds))
    store = await Store.open(vms.directory / f"hosts-{shared}.db")
    lines = [0] * vms.count
    tasks: list[asyncio.Task[None]] = []
    opened: list[Connection] = []

    async def single(number: int) -> Connection:
        connection = vms.connection(number, keys, limit, rounds, compression=False)
        await connection.connect()
        return connection

    async def lent(_: int) -> Connection:
        return await line.lend()

    way: Callable[[int], Awaitable[Connection]] = lent if shared else single

    async def read(number: int) -> None:
        connection = await way(number)
        opened.append(connection)
        reader = AgentReader(agent_of(vms.vm_id(number)), str(vms.out(number)), store, Clock(), PiDecoder())
        reader.poll(BACKGROUND_POLLING)

        def take(batch: Batch) -> bool:
            lines[number] += len(batch.records)
            return True

        async for _ in reader.batches(connection, take):
            pass

    def reached(goal: int) -> bool:
        for task in tasks:
            if task.done():
                task.result()
        return sum(lines) >= goal

    plan = Plan(vms.outs(), rate, seconds)
    try:
        async with writer(plan) as making:
            marks, past = [], 0
            for begin, end in ((0, warm), (warm, vms.count)):
                tasks += [asyncio.create_task(read(number)) for number in range(begin, end)]
                past += sum(plan.past(number) for number in range(begin, end))
                await until(lambda goal=past: reached(goal), REACH)  # type: ignore[misc]
                marks.append(own_memory())
            there, here = vms.server_seconds(), running_seconds([psutil.Process()])
            written = await making.write()
            await until(lambda: reached(past + written.lines), REACH)
            here, there = running_seconds([psutil.Process()]) - here, vms.server_seconds() - there
            remote = sum(proportional_memory(process.pid) for process in vms.server(0).family())
        count = vms.count * seconds
        return here / count, there / count, (marks[1] - marks[0]) / (vms.count - warm), remote / vms.count
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(connection.close() for connection in opened))
        await line.close()
        await store.close()


def measure(agents: int, warm: int, rate: float, seconds: float) -> Table:
    """Measure both ways, each in a process of its own."""
    table = Table(
        f"{agents} agents of one host, {rate:g} lines a second each, {seconds:g} s",
        ("way", "CPU here", "CPU there", "memory here", "memory there", "here to single"),
    )
    found: dict[bool, list[float]] = {}
    for shared, limits in ((False, ROOMY), (True, DEFAULTS)):
        with loopback_vms(agents, *limits) as vms:
            in_a_child(partial(_noted, vms, warm, rate, seconds, shared))
            found[shared] = json.loads((vms.directory / NOTE).read_text())
    for shared, name in ((False, "a connection for each"), (True, "one connection for all")):
        here, there, mine, theirs = found[shared]
        cells = (
            f"{here * 1e6:.0f} us/s",
            f"{there * 1e6:.0f} us/s",
            f"{mine / 1024:.0f} KiB",
            f"{theirs / 1024:.0f} KiB",
        )
        table.add(name, *cells, f"{ratio(here, found[False][0])} CPU, {ratio(mine, found[False][2])} memory")
    table.note("for each agent; there: sshd, script, tail, guard and filter of each, and the common program")
    return table


async def _noted(vms: LoopbackVms, warm: int, rate: float, seconds: float, shared: bool) -> float:
    """Write the figures down for the process that asked for them."""
    measured = await figures(vms, warm, rate, seconds, shared=shared)
    (vms.directory / NOTE).write_text(json.dumps(measured))
    return 0.0


def main(words: Sequence[str] | None = None) -> Table:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=40)
    parser.add_argument("--warm", type=int, default=10, help="agents connected before memory is counted")
    parser.add_argument("--rate", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=15.0)
    arguments = parser.parse_args(words)
    table = measure(arguments.agents, arguments.warm, arguments.rate, arguments.seconds)
    table.show()
    return table


if __name__ == "__main__":
    main()
