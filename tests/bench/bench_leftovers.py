"""What stays behind on a VM after faults: `python -m tests.bench.bench_leftovers`.

Every reader meets a fault, comes back on a new connection, and a minute later the trees of processes that read its
file are counted; then all readers quit, and what is left is counted again. Beside the product: asyncssh alone with a
plain `tail -F`, and with a pipeline.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import asyncssh
import psutil  # type: ignore[import-untyped]

from cockpit.remote.errors import RemoteError
from cockpit.remote.ssh.connection import Connection
from cockpit.remote.tail.cursor import Cursor
from cockpit.remote.tail.events import TailData
from cockpit.remote.tail.tail import Tail
from tests.bench.lines import Agent
from tests.bench.table import Table
from tests.bench.vms import LoopbackVms, loopback_vms, relayed
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.relays import Relay
from tests.remote.waiting import until

KEEPALIVE = (0.5, 2)
"""Interval and count: the client sees a half-open link in 1.5 s; what stays on the VM does not depend on it."""

QUIT_BOUND = 5.0
"""Seconds after quitting in which everything must be gone."""

FAULTS = ("session killed", "connection reset", "half-open")
WAYS = ("cockpit", "asyncssh, tail -F", "asyncssh, tail -F | filter")


class Reader(Protocol):
    """One way to follow one file."""

    heard: bool

    async def start(self, port: int) -> None:
        """Connect, and read on."""

    async def ended(self) -> None:
        """Return once the connection is known to be gone."""

    async def quit(self) -> None:
        """End politely."""


@dataclass
class ProductReader:
    """The product's connection and tail."""

    vms: LoopbackVms
    number: int
    heard: bool = False
    _keys: MemoryHostKeys = field(default_factory=MemoryHostKeys)
    _cursor: Cursor | None = None
    _connection: Connection | None = None
    _task: asyncio.Task[None] | None = None

    async def start(self, port: int) -> None:
        """Connect, and read on where the last connection ended."""
        endpoint = self.vms.server(self.number).endpoint(port=port, identity=self.vms.vm_id(self.number))
        self._connection = Connection(
            endpoint,
            self.vms.key(self.number),
            self._keys,
            keepalive_interval=KEEPALIVE[0],
            keepalive_count=KEEPALIVE[1],
        )
        await self._connection.connect()
        self.heard = False
        self._task = asyncio.create_task(self._read(self._connection))

    async def _read(self, connection: Connection) -> None:
        with contextlib.suppress(RemoteError):
            async with Tail(connection, str(self.vms.out(self.number)), self._cursor) as tail:
                async for event in tail:
                    self._cursor = tail.cursor
                    self.heard = self.heard or isinstance(event, TailData)

    async def ended(self) -> None:
        """Return once the connection is known to be gone."""
        assert self._task is not None
        await self._task

    async def quit(self) -> None:
        """End politely."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()


@dataclass
class PlainReader:
    """asyncssh and a command."""

    vms: LoopbackVms
    number: int
    suffix: str = ""
    heard: bool = False
    _connection: asyncssh.SSHClientConnection | None = None
    _task: asyncio.Task[None] | None = None

    async def start(self, port: int) -> None:
        """Connect, and read the end of the file."""
        self._connection = await self.vms.bare_connection(self.number, port=port, keepalive=KEEPALIVE)
        command = f"tail -n 1 -F {shlex.quote(str(self.vms.out(self.number)))}{self.suffix}"
        process: asyncssh.SSHClientProcess[bytes] = await self._connection.create_process(command, encoding=None)
        self.heard = False
        self._task = asyncio.create_task(self._read(process))

    async def _read(self, process: asyncssh.SSHClientProcess[bytes]) -> None:
        with contextlib.suppress(asyncssh.Error, OSError):
            while await process.stdout.read(65536):
                self.heard = True

    async def ended(self) -> None:
        """Return once the connection is known to be gone."""
        assert self._connection is not None
        await self._connection.wait_closed()

    async def quit(self) -> None:
        """End politely."""
        if self._connection is not None:
            self._connection.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._connection.wait_closed(), 2)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


def readers_of(vms: LoopbackVms, repeats: int) -> list[tuple[str, Reader]]:
    """Return `repeats` readers of each way, on a file each."""
    suffix = " | perl -pe 'BEGIN { $| = 1 }'" if shutil.which("perl") else " | cat"
    made: list[tuple[str, Reader]] = []
    for at, way in enumerate(WAYS):
        for number in range(at * repeats, (at + 1) * repeats):
            made.append((way, ProductReader(vms, number) if at == 0 else PlainReader(vms, number, suffix * (at - 1))))
    return made


def trees(vms: LoopbackVms) -> list[int]:
    """Return, for each file, how many trees of living processes name it in their arguments."""
    naming: list[dict[int, int]] = [{} for _ in range(vms.count)]
    paths = {str(vms.out(number)): number for number in range(vms.count)}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                for word in set(process.cmdline()) & paths.keys():
                    naming[paths[word]][process.pid] = process.ppid()
    return [sum(1 for parent in found.values() if parent not in found) for found in naming]


@dataclass
class Scene:
    """One fault: its VMs, its relay, its readers."""

    fault: str
    vms: LoopbackVms
    relay: Relay
    readers: list[tuple[str, Reader]]
    after_fault: list[int] = field(default_factory=list)
    after_quit: list[int] = field(default_factory=list)

    async def meet(self) -> None:
        """Let every reader meet the fault and come back on a connection past the relay."""
        for _, reader in self.readers:
            await reader.start(self.relay.port)
        await self._all_heard()
        if self.fault == "session killed":
            self.vms.server(0).kill_sessions()
        elif self.fault == "connection reset":
            self.relay.cut()
        else:
            # It stays frozen: heartbeats it has read wait inside it, so it never sees that the client went away either.
            self.relay.freeze()
        async with asyncio.timeout(30):
            await asyncio.gather(*(reader.ended() for _, reader in self.readers))
        for _, reader in self.readers:
            await reader.start(self.vms.server(0).port)
        for number in range(self.vms.count):
            # The last line these agents write for now: a reader that waits for the next one is not told of its end.
            with self.vms.out(number).open("ab") as file:
                file.write(Agent().lines(1))
        await self._all_heard()

    async def _all_heard(self) -> None:
        await until(lambda: all(reader.heard for _, reader in self.readers), 30)

    async def quit(self) -> None:
        """End all readers, and wait for what they had on the VM as long as may be."""
        await asyncio.gather(*(reader.quit() for _, reader in self.readers))
        with contextlib.suppress(AssertionError):
            await until(lambda: not any(trees(self.vms)), QUIT_BOUND)


async def measure(repeats: int, wait: float) -> Table:
    """Let all faults happen, wait once for all, and count."""
    async with contextlib.AsyncExitStack() as stack:
        scenes = []
        for fault in FAULTS:
            vms = stack.enter_context(loopback_vms(repeats * len(WAYS)))
            for number in range(vms.count):
                vms.out(number).write_bytes(Agent().lines(20))
            relay = await stack.enter_async_context(relayed(vms))
            scenes.append(Scene(fault, vms, relay, readers_of(vms, repeats)))
        try:
            for scene in scenes:
                await scene.meet()
            await asyncio.sleep(wait)  # what is still there after just this time is what is measured
            for scene in scenes:
                scene.after_fault = trees(scene.vms)
        finally:
            await asyncio.gather(*(scene.quit() for scene in scenes))
        for scene in scenes:
            scene.after_quit = trees(scene.vms)
    return _table(scenes, repeats, wait)


def _table(scenes: Sequence[Scene], repeats: int, wait: float) -> Table:
    table = Table(
        f"reader trees on the VM per agent, {repeats} agents each, {wait:g} s after a fault and a reconnect, then "
        f"at most {QUIT_BOUND:g} s after quitting: the worst agent",
        ("way", *(cell for fault in FAULTS for cell in (fault, "quit"))),
    )
    for at, way in enumerate(WAYS):
        part = slice(at * repeats, (at + 1) * repeats)
        counts = [(max(scene.after_fault[part]), max(scene.after_quit[part])) for scene in scenes]
        table.add(way, *(str(count) for pair in counts for count in pair))
    table.note("Goals: at most 1 after 60 s, 0 after quitting.")
    return table


def main(words: Sequence[str] | None = None) -> Table:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="agents per way and fault")
    parser.add_argument("--wait", type=float, default=60.0, help="seconds between the fault and the count")
    arguments = parser.parse_args(words)
    table = asyncio.run(measure(arguments.repeats, arguments.wait))
    table.show()
    return table


if __name__ == "__main__":
    main()
