"""What grows over many reconnects and many events: `python -m tests.bench.bench_soak [--reconnects 10000]`.

One link is cut again and again; each time it comes back, resumes, and reads one new line. The slope of this process's
memory, its file descriptors and its tasks are taken over the last four fifths; beside it asyncssh alone. Then one agent
streams events without an end through reduction, transcript and store.
"""

from __future__ import annotations

import argparse
import asyncio
import shlex
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import asyncssh
import psutil  # type: ignore[import-untyped]

from cockpit.agents.pi.decode import PiDecoder
from cockpit.engine.clock import Clock
from cockpit.engine.state import FleetState
from cockpit.engine.streams.lines import LineStream
from cockpit.engine.streams.link import VmLink
from cockpit.engine.streams.reader import AgentReader, Batch
from cockpit.engine.streams.recorder import Recorder
from cockpit.engine.streams.write_queue import WriteQueue
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.ids import AgentId, VmId, agent_of
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.remote.ssh.backoff import Backoff
from cockpit.remote.ssh.connection import Connection
from cockpit.store.rows import StoredCursor
from cockpit.store.store import Store
from tests.bench import lines
from tests.bench.table import Table, resident_memory
from tests.bench.vms import LoopbackVms, loopback_vms, relayed
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.waiting import until

WITHIN = 30.0
"""Seconds one reconnect may take."""

BLOCK_LINES = 261
"""Lines fed at once: one whole run of the writing agent."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What this process holds."""

    memory: int
    """RSS in bytes."""
    files: int
    tasks: int

    @staticmethod
    def now() -> Mark:
        """Look."""
        return Mark(resident_memory(), psutil.Process().num_fds(), len(asyncio.all_tasks()))


async def repeat(once: Callable[[], Awaitable[None]], count: int) -> tuple[Mark, Mark, int]:
    """Do something so often; return what was held after a fifth and at the end, and how often it was in between."""
    warm = max(1, count // 5)
    for _ in range(warm):
        await once()
    begin = Mark.now()
    for _ in range(count - warm):
        await once()
    return begin, Mark.now(), count - warm


async def by_link(vms: LoopbackVms, count: int) -> tuple[Mark, Mark, int]:
    """Cut the product's link and let it come back."""
    fleet_state = FleetState(Clock(), "benchmark")
    vm_id = vms.vm_id(0)
    agent = agent_of(vm_id)
    fleet_state.put_agent(Agent(agent, "agent", AgentKind.WORKER, vm_id))
    store = await Store.open(vms.directory / "history.db")
    reader = AgentReader(agent, str(vms.out(0)), store, fleet_state.clock, PiDecoder())
    recorder = Recorder(fleet_state, store, ReceiptBook())
    writing = lines.Agent()

    async with relayed(vms) as relay:
        keys = MemoryHostKeys()

        async def connect() -> Connection:
            endpoint = vms.server(0).endpoint(port=relay.port, identity=vm_id)
            connection = Connection(endpoint, vms.key(0), keys)
            await connection.connect()
            return connection

        async def serve(connection: Connection) -> None:
            pending = WriteQueue(partial(recorder.keep, agent), recorder.flush_now, reader.go_on)

            def deliver(batch: Batch) -> bool:
                recorder.fold_all(batch.records)
                return pending.put(batch)

            storing = asyncio.create_task(pending.run())
            try:
                async for batch in reader.batches(connection, deliver):
                    deliver(batch)
            finally:
                pending.end()
                await storing

        link = VmLink(fleet_state, vm_id, connect, serve, Backoff(uniform=lambda low, high: low), lambda: ())
        written = 0

        async def once() -> None:
            nonlocal written
            written += 1
            with vms.out(0).open("ab") as file:
                file.write(writing.line())
            await until(lambda: fleet_state.agents[agent].line >= written, WITHIN)
            relay.cut()

        running = asyncio.create_task(link.run())
        try:
            return await repeat(once, count)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await store.close()


async def by_asyncssh(vms: LoopbackVms, count: int) -> tuple[Mark, Mark, int]:
    """Connect with asyncssh alone, read the file's end, and close."""
    command = f"exec tail -n 1 {shlex.quote(str(vms.out(0)))}"

    async def once() -> None:
        async with await vms.bare_connection(0) as connection:
            process: asyncssh.SSHClientProcess[bytes] = await connection.create_process(command, encoding=None)
            assert await process.stdout.read()

    return await repeat(once, count)


async def by_events(directory: Path, count: int) -> tuple[Mark, Mark, int]:
    """Stream events of one agent through everything behind SSH."""
    fleet_state = FleetState(Clock(), "benchmark")
    agent = AgentId("agent")
    fleet_state.put_agent(Agent(agent, "agent", AgentKind.WORKER, VmId("agent")))
    store = await Store.open(directory / "events.db")
    recorder = Recorder(fleet_state, store, ReceiptBook())
    stream = LineStream(agent, fleet_state.clock, PiDecoder())
    stream.resume(0, 0, 1)
    block = lines.Agent("delta").lines(BLOCK_LINES)

    async def once() -> None:
        records = stream.feed(block)
        recorder.fold_all(records)
        last = records[-1]
        await recorder.keep(agent, records, StoredCursor(1, last.end, last.line, "{}", "{}", last.at))

    try:
        begin, end, times = await repeat(once, max(5, count // BLOCK_LINES))
        return begin, end, times * BLOCK_LINES
    finally:
        await store.close()


async def measure(reconnects: int, bare_reconnects: int, events: int) -> Table:
    """Run all three, one after the other."""
    table = Table(
        "growth of this process over the last four fifths of each",
        ("what", "times", "RSS", "RSS each", "goal", "files", "tasks"),
    )
    with loopback_vms(1) as vms:
        vms.out(0).touch()
        ours = await by_link(vms, reconnects)
        bare = await by_asyncssh(vms, bare_reconnects)
    with tempfile.TemporaryDirectory(prefix="bench-soak-") as name:
        streamed = await by_events(Path(name), events)
    for what, (begin, end, times), goal in (
        ("cockpit: reconnect and resume", ours, "1 KiB"),
        ("asyncssh alone: connect, exec, close", bare, ""),
        ("cockpit: event reduced and stored", streamed, "0 beyond history"),
    ):
        grown = end.memory - begin.memory
        table.add(
            what,
            str(times),
            f"{grown / 1024:+.0f} KiB",
            f"{grown / times:+.1f} B",
            goal,
            f"{end.files - begin.files:+d}",
            f"{end.tasks - begin.tasks:+d}",
        )
    table.note(
        "Short runs show the allocator's steps: 10,000 reconnects and 10,000,000 events are the goal's own terms."
    )
    return table


def main(words: Sequence[str] | None = None) -> Table:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reconnects", type=int, default=400)
    parser.add_argument("--bare-reconnects", type=int, default=200)
    parser.add_argument("--events", type=int, default=300_000)
    arguments = parser.parse_args(words)
    table = asyncio.run(measure(arguments.reconnects, arguments.bare_reconnects, arguments.events))
    table.show()
    return table


if __name__ == "__main__":
    main()
