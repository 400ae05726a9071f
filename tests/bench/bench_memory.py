"""What one more connected agent costs in memory: `python -m tests.bench.bench_memory`.

Marginal PSS of this process per agent with a tail, against the PSS of an `ssh` child, plain and inside TLS.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import shlex
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence

import asyncssh

from cockpit.agents.pi.decode import PiDecoder
from cockpit.engine.clock import Clock
from cockpit.engine.streams.agent_sessions import BACKGROUND_POLLING
from cockpit.engine.streams.reader import AgentReader, Batch
from cockpit.model.ids import VmId, agent_of
from cockpit.remote.ssh.connect_limit import ConnectLimit
from cockpit.remote.ssh.connection import Connection
from cockpit.remote.ssh.endpoint import SshEndpoint, Tls
from cockpit.store.store import Store
from tests.bench.lines import Agent
from tests.bench.rig import rig
from tests.bench.table import Table, own_memory, proportional_memory, ratio, tree
from tests.bench.tls_relay import NAME, tls_relay
from tests.bench.vms import LoopbackVms, loopback_vms
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.waiting import until

_FORK = multiprocessing.get_context("fork")

PAST_LINES = 60
"""Lines an agent has written before: a short answer."""

REACH = 60.0
"""Seconds a group of agents may take to be connected and read."""


async def readers_memory(
    vms: LoopbackVms, endpoint: Callable[[int], SshEndpoint], warm: int, name: str, *, compression: bool = True
) -> float:
    """Return the bytes per agent of connections with a polled reader each, the first `warm` not counted."""
    store = await Store.open(vms.directory / f"{name}.db")
    connect_limit, host_keys = ConnectLimit(), MemoryHostKeys()
    connections: list[Connection] = []
    tasks: list[asyncio.Task[None]] = []
    lines = [0] * vms.count

    async def read(number: int) -> None:
        connection = Connection(
            endpoint(number), vms.key(number), host_keys, connect_limit=connect_limit, compression=compression
        )
        connections.append(connection)
        await connection.connect()
        reader = AgentReader(agent_of(vms.vm_id(number)), str(vms.out(number)), store, Clock(), PiDecoder())
        reader.poll(BACKGROUND_POLLING)

        def take(batch: Batch) -> bool:
            lines[number] += len(batch.records)
            return True

        async for _ in reader.batches(connection, take):
            pass

    def ready() -> bool:
        for task in tasks:
            if task.done():
                task.result()
        return all(count >= PAST_LINES for count in lines[: len(tasks)])

    try:
        marks = []
        for begin, end in ((0, warm), (warm, vms.count)):
            tasks += [asyncio.create_task(read(number)) for number in range(begin, end)]
            await until(ready, REACH)
            marks.append(own_memory())
        return (marks[1] - marks[0]) / (vms.count - warm)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(connection.close() for connection in connections))
        await store.close()


async def asyncssh_memory(vms: LoopbackVms, warm: int) -> float:
    """Return the bytes per agent of asyncssh alone with a `tail` that is read into nothing."""
    opened: list[asyncssh.SSHClientConnection] = []
    marks = []
    try:
        for begin, end in ((0, warm), (warm, vms.count)):
            for number in range(begin, end):
                connection = await vms.bare_connection(number)
                opened.append(connection)
                command = f"exec tail -n +1 -F {shlex.quote(str(vms.out(number)))}"
                process: asyncssh.SSHClientProcess[bytes] = await connection.create_process(command, encoding=None)
                for _ in range(PAST_LINES):
                    await process.stdout.readline()
            marks.append(own_memory())
        return (marks[1] - marks[0]) / (vms.count - warm)
    finally:
        for connection in opened:
            connection.abort()
        await asyncio.gather(*(connection.wait_closed() for connection in opened))


async def cockpit_memory(vms: LoopbackVms, endpoint: Callable[[int], SshEndpoint], warm: int) -> float:
    """Return the bytes per agent of everything between SSH and the screen, transcripts included."""

    def of_vm(vm_id: VmId) -> SshEndpoint:
        return endpoint(vms.number(vm_id))

    async with rig(vms, vms.directory / "cockpit.db", endpoint=of_vm) as cockpit:
        cockpit.agent_sessions.focus(cockpit.agent_id(0))
        marks = []
        agents = cockpit.agents()
        for begin, end in ((0, warm), (warm, vms.count)):
            for agent in agents[begin:end]:
                cockpit.agent_sessions.attach(agent)
            await cockpit.reach([PAST_LINES] * end + [0] * (vms.count - end), REACH)
            await until(cockpit.agent_sessions.settled, REACH)
            marks.append(own_memory())
        return (marks[1] - marks[0]) / (vms.count - warm)


@contextlib.asynccontextmanager
async def children(commands: Sequence[Sequence[str]]) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """Run `ssh` children for the time of the block, each having said its first byte."""
    running = [
        await asyncio.create_subprocess_exec(*words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        for words in commands
    ]
    try:
        async with asyncio.timeout(REACH):
            for child in running:
                assert child.stdout is not None
                assert await child.stdout.read(1), "an ssh child ended"
        yield running
    finally:
        for child in running:
            if child.returncode is None:
                child.terminate()
        await asyncio.gather(*(child.wait() for child in running))


async def ssh_memory(vms: LoopbackVms, *options: str, port: int | None = None) -> float:
    """Return the PSS in bytes of one `ssh` child and what it started itself, the mean of all."""
    commands = [
        [*vms.ssh_words(number, *options, port=port), f"exec tail -n +1 -f {shlex.quote(str(vms.out(number)))}"]
        for number in range(vms.count)
    ]
    async with children(commands) as running:
        sizes = [sum(proportional_memory(process.pid) for process in tree(child.pid)) for child in running]
    return sum(sizes) / len(sizes)


def in_a_child(measuring: Callable[[], Coroutine[None, None, float]]) -> float:
    """Run a measurement in a copy of this process, so that none finds the room that another one has left."""
    receiving, sending = _FORK.Pipe(duplex=False)

    def run() -> None:
        sending.send(asyncio.run(measuring()))

    child = _FORK.Process(target=run)
    child.start()
    sending.close()
    try:
        return float(receiving.recv())
    finally:
        child.join(REACH)
        if child.is_alive():
            child.kill()


def relay_endpoint(vms: LoopbackVms, port: int, ca_file: str) -> Callable[[int], SshEndpoint]:
    """Return how to reach the VMs inside TLS."""

    def endpoint(number: int) -> SshEndpoint:
        plain = vms.endpoint(number)
        return SshEndpoint("127.0.0.1", port, plain.username, plain.identity, Tls(NAME, ca_file))

    return endpoint


def measure(agents: int, warm: int) -> Table:
    """Connect in every way, one after the other."""
    table = Table(
        f"memory per connected agent with a tail: {agents - warm} agents on top of {warm}",
        ("way", "PSS", "to ssh", "goal"),
    )
    with loopback_vms(agents) as vms:
        for number in range(agents):
            vms.out(number).write_bytes(Agent().lines(PAST_LINES))
        child = in_a_child(lambda: ssh_memory(vms))
        readers = in_a_child(lambda: readers_memory(vms, vms.endpoint, warm, "plain"))
        plain = in_a_child(lambda: readers_memory(vms, vms.endpoint, warm, "bare", compression=False))
        whole = in_a_child(lambda: cockpit_memory(vms, vms.endpoint, warm))
        bare = in_a_child(lambda: asyncssh_memory(vms, warm))
        table.add("ssh child", _kilobytes(child), "1.00 x", "")
        table.add("asyncssh alone, no compression", _kilobytes(bare), ratio(bare, child), "")
        table.add("cockpit: connection and reader", _kilobytes(readers), ratio(readers, child), "0.05 x")
        table.add("cockpit: the same, no compression", _kilobytes(plain), ratio(plain, child), "0.05 x")
        table.add("cockpit: with state and transcript", _kilobytes(whole), ratio(whole, child), "")
        if shutil.which("openssl") is None:
            table.note("openssl is not installed: no child to compare TLS with.")
            return table
        with tls_relay(vms.server(0).port, vms.directory / "tls") as (port, ca_file):
            proxy = f"openssl s_client -quiet -connect 127.0.0.1:{port} -servername {NAME} -CAfile {ca_file}"
            child = in_a_child(lambda: ssh_memory(vms, "-o", f"ProxyCommand={proxy} 2>/dev/null"))
            endpoint = relay_endpoint(vms, port, ca_file)
            readers = in_a_child(lambda: readers_memory(vms, endpoint, warm, "tls"))
        table.add("TLS: ssh child and openssl s_client", _kilobytes(child), "1.00 x", "")
        table.add("TLS: cockpit, connection and reader", _kilobytes(readers), ratio(readers, child), "0.25 x")
    return table


def _kilobytes(size: float) -> str:
    return f"{size / 1024:.0f} KiB"


def main(words: Sequence[str] | None = None) -> Table:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=60)
    parser.add_argument("--warm", type=int, default=20, help="agents connected before counting begins")
    arguments = parser.parse_args(words)
    table = measure(arguments.agents, arguments.warm)
    table.show()
    return table


if __name__ == "__main__":
    main()
