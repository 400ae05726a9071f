"""What reading many agents costs: `python -m tests.bench.bench_ingest [--agents 200]`.

One agent is focused and read the moment it writes; the others are polled. Beside it, in the same run on the same
files: Node with an `ssh` child per agent, and a local `tail -f` of all files.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import shlex
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.agents.pi.decode import PiDecoder
from cockpit.engine.clock import Clock
from cockpit.engine.streams.agent_sessions import BACKGROUND_POLLING
from cockpit.engine.streams.reader import AgentReader, Batch
from cockpit.model.events import TextDelta
from cockpit.model.ids import agent_of
from cockpit.remote.ssh.connect_limit import ConnectLimit
from cockpit.remote.ssh.read_batching import ReadBatching
from cockpit.store.store import Store
from tests.bench.lines import DIALECTS, stamp_of
from tests.bench.rig import rig
from tests.bench.table import Table, microseconds, milliseconds, percentile, ratio, running_seconds, tree
from tests.bench.vms import LoopbackVms, loopback_vms
from tests.bench.writing import Plan, Writer, Written, writer
from tests.remote.memory_host_keys import MemoryHostKeys

SETTLE = 60.0
"""Seconds all readers get to be at the end of their files, before and after the measured time."""

INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one way to read cost."""

    seconds: float
    """Of a processor, on the cockpit's side."""
    remote: float
    """Of a processor, on the VMs' side."""
    written: Written
    wall: float
    delays: Sequence[float] = ()
    """Seconds from write to decode, or to reduction, of the focused agent."""

    @property
    def per_event(self) -> float:
        """Processor seconds per line."""
        return self.seconds / self.written.lines


async def measure_around(
    vms: LoopbackVms,
    making: Writer,
    seconds: Callable[[], float],
    count: Callable[[], Awaitable[int]],
    delays: Callable[[], Awaitable[Sequence[float]]],
) -> Cost:
    """Wait for the past to be read, let the agents write, and charge what it took until all is read."""
    past = sum(making.plan.past(number) for number in range(len(making.plan.files)))
    await _reach(count, past)
    await delays()
    # Counting the VMs' processes costs this process something, too: it is done outside of what is charged.
    remote, began = vms.server_seconds(), time.monotonic()
    before = seconds()
    written = await making.write()
    await _reach(count, past + written.lines)
    spent = seconds() - before
    wall = time.monotonic() - began
    return Cost(spent, vms.server_seconds() - remote, written, wall, await delays())


async def _reach(count: Callable[[], Awaitable[int]], goal: int) -> None:
    """Ask how many lines have come, again and again: whoever counts them is another program and wakes nobody."""
    deadline = time.monotonic() + SETTLE
    while await count() < goal:
        assert time.monotonic() < deadline, f"{await count()} of {goal} lines within {SETTLE:g} s"
        await asyncio.sleep(0.1)


async def by_local_tail(vms: LoopbackVms, plan: Plan) -> Cost:
    """Follow all files with one `tail` here: the floor."""
    async with writer(plan) as making:
        tail = await asyncio.create_subprocess_exec(
            "tail", "-q", "-n", "0", "-f", *plan.files, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            began, remote = time.monotonic(), vms.server_seconds()
            await _has_inotify(tail.pid)
            before = running_seconds(tree(tail.pid))
            written = await making.write()
            spent = running_seconds(tree(tail.pid)) - before
            return Cost(spent, vms.server_seconds() - remote, written, time.monotonic() - began)
        finally:
            tail.kill()
            await tail.wait()


async def _has_inotify(pid: int) -> None:
    """Return once a tail watches its files, or after a second if the kernel gives it no instance."""
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline:
        if _opened_inotify(pid):
            return
        await asyncio.sleep(0.02)


def _opened_inotify(pid: int) -> bool:
    links = (link.readlink() for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink())
    return any("inotify" in str(link) for link in links)


def inotify_notes(agents: int) -> list[str]:
    """Return what the kernel's limit means for the row that needs an instance per agent."""
    if not INOTIFY.exists():
        return []
    limit = int(INOTIFY.read_text())
    notes = [f"fs.inotify.max_user_instances is {limit}: each `tail -f` of the Node row takes one."]
    if agents >= limit:
        notes.append(f"{agents} agents exceed it: the rest look once a second only, and that row is too cheap.")
    return notes


async def by_node(vms: LoopbackVms, plan: Plan) -> Cost:
    """Read with Node, an `ssh` child per agent and JSON.parse."""
    commands = [
        [*vms.ssh_words(number), f"exec tail -n +1 -f {shlex.quote(name)}"] for number, name in enumerate(plan.files)
    ]
    node = await asyncio.create_subprocess_exec(
        "node",
        str(Path(__file__).with_name("ssh_reader.js")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    assert node.stdin is not None and node.stdout is not None
    stdin, stdout = node.stdin, node.stdout

    async def ask(**order: object) -> dict[str, object]:
        stdin.write(json.dumps(order).encode() + b"\n")
        answer: dict[str, object] = json.loads(await stdout.readline())
        return answer

    async def count() -> int:
        return int(str((await ask())["events"]))

    async def delays() -> Sequence[float]:
        answer = (await ask(tell=True, forget=True))["delays"]
        return answer if isinstance(answer, list) else []

    family = tree(node.pid)
    try:
        async with writer(plan) as making:
            await ask(commands=commands)
            family = tree(node.pid)
            return await measure_around(vms, making, lambda: running_seconds(family), count, delays)
    finally:
        stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(node.wait(), 5)
        for process in family:
            with contextlib.suppress(Exception):
                process.kill()
        await node.wait()


class _Decoded:
    """Agents read and decoded, but neither stored nor reduced."""

    def __init__(self) -> None:
        self.lines = 0
        self.delays: list[float] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def count(self) -> int:
        """Return how many lines were decoded; raises what ended a reader."""
        for task in self.tasks:
            if task.done():
                task.result()
        return self.lines

    async def read(
        self, reader: AgentReader, vms: LoopbackVms, number: int, shared: tuple[ConnectLimit, ReadBatching]
    ) -> None:
        connection = vms.connection(number, MemoryHostKeys(), *shared)
        await connection.connect()
        try:

            def take(batch: Batch) -> bool:
                self.lines += len(batch.records)
                if number == 0:
                    now = time.monotonic()
                    stamps = (stamp_of(r.event.text) for r in batch.records if isinstance(r.event, TextDelta))
                    self.delays += [now - stamp for stamp in stamps if stamp is not None]
                return True

            async for batch in reader.batches(connection, take):
                take(batch)
        finally:
            await connection.close()


@contextlib.asynccontextmanager
async def decoding(vms: LoopbackVms, history: Path, files: Sequence[str]) -> AsyncIterator[_Decoded]:
    """Run the readers alone."""
    store = await Store.open(history)
    decoded = _Decoded()
    shared = ConnectLimit(), ReadBatching()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        for number, path in enumerate(files):
            reader = AgentReader(agent_of(vms.vm_id(number)), path, store, Clock(), PiDecoder())
            reader.poll(None if number == 0 else BACKGROUND_POLLING)
            decoded.tasks.append(asyncio.create_task(decoded.read(reader, vms, number, shared)))

        async def end() -> None:
            for task in decoded.tasks:
                task.cancel()
            await asyncio.gather(*decoded.tasks, return_exceptions=True)

        stack.push_async_callback(end)
        yield decoded


async def by_readers(vms: LoopbackVms, plan: Plan) -> Cost:
    """Read with the product's readers, up to decoded records."""
    async with writer(plan) as making, decoding(vms, vms.directory / "decoded.db", plan.files) as decoded:

        async def delays() -> Sequence[float]:
            told, decoded.delays = decoded.delays, []
            return told

        return await measure_around(vms, making, time.process_time, decoded.count, delays)


async def by_cockpit(vms: LoopbackVms, plan: Plan) -> Cost:
    """Read with everything between SSH and the screen: links, readers, probes, reduction, transcripts, the store."""
    async with writer(plan) as making, rig(vms, vms.directory / "history.db") as cockpit:
        cockpit.agent_sessions.focus(cockpit.agent_id(0))
        cockpit.recorder.timed = {cockpit.agent_id(0)}
        cockpit.attach()

        async def count() -> int:
            return cockpit.lines()

        async def delays() -> Sequence[float]:
            told, cockpit.recorder.delays = cockpit.recorder.delays, []
            return told

        return await measure_around(vms, making, time.process_time, count, delays)


async def measure(agents: int, rate: float, seconds: float, dialect: str) -> Table:
    """Read the same agents in four ways, one after the other."""
    rounds = itertools.count()
    with loopback_vms(agents) as vms:

        def plan() -> Plan:
            for number in range(agents):
                vms.out(number).rename(vms.home(number) / f"old{next(rounds)}") if vms.out(number).exists() else None
            return Plan(vms.outs(), rate, seconds, dialect)

        floor = await by_local_tail(vms, plan())
        node = await by_node(vms, plan()) if shutil.which("node") else None
        readers = await by_readers(vms, plan())
        whole = await by_cockpit(vms, plan())
    sent = whole.written
    table = Table(
        f"{agents} agents, {rate:g} events/s each for {seconds:g} s, {dialect} dialect, "
        f"{sent.size / sent.lines / 1e3:.1f} kB a line; one focused, the others polled every {BACKGROUND_POLLING:g} s",
        ("reader", "CPU/event", "of a core", "to Node", "to tail", "focused p50", "p99", "to Node", "VMs' CPU/event"),
    )
    for name, cost in (
        ("local tail -f of all files", floor),
        ("Node, ssh children, JSON.parse", node),
        ("cockpit: SSH to decoded", readers),
        ("cockpit: SSH to stored and reduced", whole),
    ):
        if cost is not None:
            table.add(name, *_cells(cost, node, floor))
    if node is None:
        table.note("Node is not installed: the row and the ratios to it are left out.")
    table.notes += inotify_notes(agents)
    table.note(f"the writer was at most {max(c.written.late for c in (floor, readers, whole)) * 1e3:.0f} ms late")
    return table


def _cells(cost: Cost, node: Cost | None, floor: Cost) -> tuple[str, ...]:
    middle = percentile(cost.delays, 50)
    base = percentile(node.delays, 50) if node else 0.0
    return (
        microseconds(cost.per_event),
        f"{cost.seconds / cost.wall * 100:.1f} %",
        ratio(cost.per_event, node.per_event if node else 0.0),
        ratio(cost.per_event, floor.per_event),
        milliseconds(middle) if cost.delays else "-",
        milliseconds(percentile(cost.delays, 99)) if cost.delays else "-",
        ratio(middle, base) if cost.delays else "-",
        microseconds(cost.remote / cost.written.lines),
    )


def main(words: Sequence[str] | None = None) -> Table:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--rate", type=float, default=20.0, help="events per second and agent")
    parser.add_argument("--seconds", type=float, default=12.0, help="of each of the four measurements")
    parser.add_argument("--dialect", choices=DIALECTS, default=DIALECTS[0])
    arguments = parser.parse_args(words)
    table = asyncio.run(measure(arguments.agents, arguments.rate, arguments.seconds, arguments.dialect))
    table.show()
    return table


if __name__ == "__main__":
    main()
