"""How fast a dropped stream goes on, by the size of its file: `python -m tests.bench.bench_resume`.

A new connection, the file's identity checked, and the first new line here, beside bare connect + exec and beside
`tail -n +N`, which counts lines from the start.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import time
from collections.abc import Sequence
from pathlib import Path

import asyncssh

from cockpit.remote.tail.cursor import ANCHOR_BYTES, HEAD_BYTES, Cursor, FileIdentity, digest
from cockpit.remote.tail.events import TailData, TailOpened
from cockpit.remote.tail.tail import Tail
from tests.bench.lines import Agent
from tests.bench.table import Table, median, milliseconds, ratio
from tests.bench.vms import LoopbackVms, loopback_vms
from tests.remote.memory_host_keys import MemoryHostKeys

NEW_LINES = 5
BLOCK = 1000
"""Lines written at once."""


def make_file(path: Path, megabytes: int) -> int:
    """Write a file of real lines, with nothing left out, and return how many lines it has without the newest."""
    block = Agent(deltas=750).lines(BLOCK)
    lines = 0
    with path.open("wb") as file:
        while file.tell() < megabytes * 1_000_000:
            lines += BLOCK
            file.write(block)
        file.write(Agent(deltas=750).lines(NEW_LINES))
        file.flush()
        os.fsync(file.fileno())
    return lines


def cursor_before_the_newest(path: Path, lines: int) -> Cursor:
    """Return the cursor a reader has that was dropped before the newest lines."""
    newest = len(Agent(deltas=750).lines(NEW_LINES))
    status = path.stat()
    offset = status.st_size - newest
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(offset - ANCHOR_BYTES)
        anchor = file.read(ANCHOR_BYTES)
    identity = FileIdentity(status.st_dev, status.st_ino, len(head), digest(head))
    return Cursor(identity, offset, lines, len(anchor), digest(anchor))


async def bare(vms: LoopbackVms) -> float:
    """Return the seconds asyncssh alone takes to connect and to hear a command's first word."""
    return await _first_bytes(vms, "echo .")


async def by_line_number(vms: LoopbackVms, path: Path, lines: int) -> float:
    """Return the seconds until `tail -n +N` has found its line."""
    return await _first_bytes(vms, f"exec tail -n +{lines + 1} -f {shlex.quote(str(path))}")


async def _first_bytes(vms: LoopbackVms, command: str) -> float:
    began = time.perf_counter()
    async with await vms.bare_connection(0) as connection:
        process: asyncssh.SSHClientProcess[bytes] = await connection.create_process(command, encoding=None)
        assert await process.stdout.read(1)
        took = time.perf_counter() - began
        process.channel.abort()
    return took


async def by_cockpit(vms: LoopbackVms, path: Path, cursor: Cursor, keys: MemoryHostKeys) -> tuple[float, float]:
    """Return the seconds until the new lines are here: after the drop, and of that after the connect."""
    began = time.perf_counter()
    connection = vms.connection(0, keys)
    await connection.connect()
    connected = time.perf_counter()
    resumed = False
    try:
        async with Tail(connection, str(path), cursor) as tail:
            async for event in tail:
                match event:
                    case TailOpened():
                        resumed = event.resumed
                    case TailData():
                        assert resumed and event.offset == cursor.offset
                        break
            now = time.perf_counter()
    finally:
        await connection.close()
    return now - began, now - connected


async def measure(sizes: Sequence[int], rounds: int) -> Table:
    """Resume in files of all sizes in turns, so that a slow moment meets them all."""
    table = Table(
        f"the first new line after a drop, connect included, median of {rounds}",
        ("way", "median", "to bare", "to smallest", "after the connect", "to smallest"),
    )
    took: dict[str, list[float]] = {}
    after: dict[str, list[float]] = {}
    with loopback_vms(1) as vms:
        keys = MemoryHostKeys()
        files = [vms.home(0) / f"{size}" for size in sizes]
        lines = [make_file(path, size) for path, size in zip(files, sizes, strict=True)]
        cursors = [cursor_before_the_newest(path, count) for path, count in zip(files, lines, strict=True)]
        await bare(vms)
        await by_cockpit(vms, files[0], cursors[0], keys)
        for _ in range(rounds):
            took.setdefault("bare connect + exec", []).append(await bare(vms))
            for size, path, count, cursor in zip(sizes, files, lines, cursors, strict=True):
                whole, script = await by_cockpit(vms, path, cursor, keys)
                took.setdefault(f"cockpit, {size} MB", []).append(whole)
                after.setdefault(f"cockpit, {size} MB", []).append(script)
                took.setdefault(f"tail -n +N, {size} MB", []).append(await by_line_number(vms, path, count))
    base = median(took["bare connect + exec"])
    for name in ("bare connect + exec", *sorted(set(took) - {"bare connect + exec"}, key=lambda n: n.split(",")[0])):
        smallest = f"{name.split(',')[0]}, {sizes[0]} MB"
        first = median(took[smallest]) if smallest in took else 0.0
        script, first_script = median(after.get(name, ())), median(after.get(smallest, ()))
        table.add(
            name,
            milliseconds(median(took[name])),
            ratio(median(took[name]), base),
            ratio(median(took[name]), first),
            milliseconds(script) if script else "-",
            ratio(script, first_script),
        )
    table.note("Goals: the largest at most 1.10 x the smallest, and at most 1.20 x bare; identity check included.")
    return table


def main(words: Sequence[str] | None = None) -> Table:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000], help="megabytes")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args(words)
    table = asyncio.run(measure(arguments.sizes, arguments.rounds))
    table.show()
    return table


if __name__ == "__main__":
    main()
