"""How fast events become durable, beside a bare `executemany` of the same rows: `python -m tests.bench.bench_store`.

It prints a table and asserts nothing: the figures belong to the machine they were measured on.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from cockpit.model.codec import encode_event, kind_of
from cockpit.model.events import Record, TextDelta, ThinkingDelta
from cockpit.model.ids import AgentId
from cockpit.model.tool_use import ToolOutput
from cockpit.store.rows import StoredCursor
from cockpit.store.store import Store

CHUNK = 400
"""Records of one append: about what one read of 64 KiB holds."""

BARE_TRANSACTION = 2_000
"""Rows of one bare transaction: enough that its commit costs nothing."""

LINE = 180
"""Bytes of a line, for the offsets."""


def stream(agent: AgentId, count: int) -> list[Record]:
    """Return a stream like a real one: deltas, with a tool's output now and then."""
    records: list[Record] = []
    for line in range(1, count + 1):
        if line % 100 == 0:
            event: TextDelta | ThinkingDelta | ToolOutput = ToolOutput("call", f"output {line}\n" * 60)
        elif line % 3 == 0:
            event = ThinkingDelta(0, f" think{line}")
        else:
            event = TextDelta(1, f" word{line}")
        records.append(Record(agent, 1, line, (line - 1) * LINE, line * LINE, 1_000.0 + line / 50, event))
    return records


def bare(directory: Path, streams: Sequence[list[Record]]) -> float:
    """Return the seconds a bare `executemany` takes for the same rows, events encoded inside."""
    connection = sqlite3.connect(directory / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(
        "CREATE TABLE events (stream INTEGER, line INTEGER, offset INTEGER, length INTEGER, at REAL, kind TEXT, "
        "body BLOB, PRIMARY KEY (stream, line)) WITHOUT ROWID"
    )
    began = time.perf_counter()
    flat = [(number, record) for number, records in enumerate(streams) for record in records]
    for start in range(0, len(flat), BARE_TRANSACTION):
        rows = [
            (
                number,
                one.line,
                one.offset,
                one.end - one.offset,
                one.at,
                kind_of(one.event),
                encode_event(one.event),
            )
            for number, one in flat[start : start + BARE_TRANSACTION]
        ]
        connection.execute("BEGIN")
        connection.executemany("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
    took = time.perf_counter() - began
    connection.close()
    return took


async def through_the_store(directory: Path, streams: Sequence[list[Record]]) -> tuple[float, float, float]:
    """Return (seconds, longest pause of the event loop, bytes per event)."""
    store = await Store.open(directory / "store.db")
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before - 0.001)

    async def feed(records: list[Record]) -> None:
        for start in range(0, len(records), CHUNK):
            part = records[start : start + CHUNK]
            last = part[-1]
            await store.append(last.agent, part, StoredCursor(1, last.end, last.line, "{}", "{}", last.at))

    watcher = asyncio.create_task(watch())
    began = time.perf_counter()
    await asyncio.gather(*(feed(records) for records in streams))
    took = time.perf_counter() - began
    watcher.cancel()
    await store.close()
    return took, longest, store.path.stat().st_size / sum(map(len, streams))


async def trickle(directory: Path, agents: int, seconds: float) -> tuple[float, float]:
    """Let agents append one event at a time, 50 a second each; return (median, longest) seconds until it is safe."""
    store = await Store.open(directory / "trickle.db")
    delays: list[float] = []

    async def one(records: list[Record]) -> None:
        for record in records:
            began = time.perf_counter()
            await store.append(record.agent, [record], StoredCursor(1, record.end, record.line, "{}", "{}", record.at))
            delays.append(time.perf_counter() - began)
            await asyncio.sleep(max(0.0, 0.02 - delays[-1]))

    count = int(seconds * 50)
    await asyncio.gather(*(one(stream(AgentId(f"agent-{number}"), count)) for number in range(agents)))
    await store.close()
    return statistics.median(delays), max(delays)


async def reading(directory: Path) -> tuple[float, float]:
    """Return the seconds that the newest 500 records, and a search, take in the file written before."""
    store = await Store.open(directory / "store.db")
    agent = AgentId("agent-0")
    took = [await _timed(lambda: store.records(agent, limit=500)) for _ in range(20)]
    found = [await _timed(lambda: store.search("output")) for _ in range(20)]
    await store.close()
    return statistics.median(took), statistics.median(found)


async def _timed(call: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await call()
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(
        f"{'agents':>6} {'events':>8} {'store/s':>9} {'bare/s':>9} {'ratio':>6} {'loop pause':>11} {'bytes/event':>11}"
    )
    for agents in (1, 50):
        streams = [stream(AgentId(f"agent-{number}"), arguments.events // agents) for number in range(agents)]
        total = sum(map(len, streams))
        rows = []
        for _ in range(arguments.rounds):
            with tempfile.TemporaryDirectory(prefix="bench-store-") as name:
                took, pause, size = asyncio.run(through_the_store(Path(name), streams))
                rows.append((took, bare(Path(name), streams), pause, size))
        took, alone, pause, size = sorted(rows)[len(rows) // 2]
        ratio = alone / took
        print(
            f"{agents:6} {total:8} {total / took:9.0f} {total / alone:9.0f} {ratio:6.2f}"
            f" {pause * 1000:8.1f} ms {size:11.1f}"
        )
    with tempfile.TemporaryDirectory(prefix="bench-store-") as name:
        asyncio.run(through_the_store(Path(name), [stream(AgentId("agent-0"), arguments.events)]))
        page, search = asyncio.run(reading(Path(name)))
        print(f"newest 500 of {arguments.events} records: {page * 1000:.1f} ms; a search: {search * 1000:.1f} ms")
        middle, longest = asyncio.run(trickle(Path(name), 50, 2.0))
        print(
            f"50 agents, 50 events/s each, one at a time: safe after {middle * 1000:.0f} ms,"
            f" at most {longest * 1000:.0f} ms"
        )


if __name__ == "__main__":
    main()
