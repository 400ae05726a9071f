"""What a line costs by its length, and what decoding adds to reading: `python -m tests.bench.bench_decode`.

First the decoder alone, beside json and msgspec on whole lines; then the whole path (decrypt, split, decode) beside
asyncssh reading the same bytes into nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shlex
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import asyncssh
import msgspec

from cockpit.agents.pi.decode import PiDecoder
from cockpit.engine.clock import Clock
from cockpit.engine.streams.lines import LineStream
from cockpit.engine.streams.reader import AgentReader
from cockpit.model.ids import AgentId
from cockpit.store.store import Store
from tests.bench.lines import DIALECTS, Agent, update
from tests.bench.table import Table, median, microseconds, ratio
from tests.bench.vms import LoopbackVms, loopback_vms

LENGTHS = (200, 2_000, 20_000, 200_000)
BASE_LENGTH = 2_000
CHUNK = 32 << 10
"""Bytes of what is fed at once: an SSH packet."""


def line_of(dialect: str, length: int) -> bytes:
    """Return an update about so many bytes long, as far as the dialect can be so short."""
    word = " of the same"
    if dialect == "accumulated":
        change = {"type": "text_delta", "contentIndex": 0, "delta": word}
        return update(dialect, change, "x" * max(0, (length - len(update(dialect, change, ""))) // 2))
    spare = length - len(update(dialect, {"type": "text_delta", "contentIndex": 0, "delta": ""}, ""))
    return update(dialect, {"type": "text_delta", "contentIndex": 0, "delta": "x" * max(len(word), spare)}, "")


def seconds_per_line(decode: Callable[[bytes], object], line: bytes, budget: float) -> float:
    """Return the seconds of one call: the best of five, each about a fifth of the budget long."""
    began = time.perf_counter()
    decode(line)
    count = max(1, int(budget / 5 / max(1e-7, time.perf_counter() - began)))
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(count):
            decode(line)
        best = min(best, (time.perf_counter() - began) / count)
    return best


def stream_seconds(line: bytes, budget: float) -> float:
    """Return the seconds per line of splitting and decoding chunks as they come from the network."""
    data = (line + b"\n") * max(8, (1 << 20) // len(line))
    count = data.count(b"\n")
    chunks = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]
    best = float("inf")
    deadline = time.perf_counter() + budget
    while time.perf_counter() < deadline or best == float("inf"):
        stream = LineStream(AgentId("bench"), Clock(), PiDecoder())
        began = time.perf_counter()
        for chunk in chunks:
            stream.feed(chunk)
        best = min(best, (time.perf_counter() - began) / count)
    return best


def decoders(budget: float) -> Table:
    """Measure the decoders by line length."""
    table = Table(
        "one update decoded, by dialect and length of the line (ratio: to 2 kB)",
        ("decoder", *(cell for length in LENGTHS for cell in (f"{length / 1e3:g} kB", "ratio"))),
    )
    untyped = msgspec.json.Decoder()
    for dialect in DIALECTS:
        pi = PiDecoder()
        ways: tuple[tuple[str, Callable[[bytes], float]], ...] = (
            ("cockpit: decoder", lambda line, pi=pi: seconds_per_line(pi.decode, line, budget)),  # type: ignore[misc]
            ("cockpit: split, decode, place", lambda line: stream_seconds(line, budget)),
            ("msgspec, whole line", lambda line: seconds_per_line(untyped.decode, line, budget)),
            ("json.loads", lambda line: seconds_per_line(json.loads, line, budget)),
        )
        for name, way in ways:
            took = {length: way(line_of(dialect, length)) for length in LENGTHS}
            cells = [(microseconds(took[n]), ratio(took[n], took[BASE_LENGTH])) for n in LENGTHS]
            table.add(f"{dialect}: {name}", *(cell for pair in cells for cell in pair))
    shortest = len(line_of("accumulated", 0))
    table.note(
        f"An accumulated update is {shortest} bytes long at least; a long line of the delta dialect is all news."
    )
    return table


class _Nothing(asyncssh.SSHClientSession[bytes]):
    """Throws away what it hears."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.received = 0

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self.received += len(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()


def size_of(path: Path) -> int:
    """Return a file's size in bytes."""
    return path.stat().st_size


async def into_nothing(vms: LoopbackVms, path: Path, *, compression: bool) -> float:
    """Return the processor seconds asyncssh takes to read a file and throw it away."""
    connection = await vms.bare_connection(0, compression=compression)
    async with connection:
        session = _Nothing()
        began = time.process_time()
        await connection.create_session(
            lambda: session, f"exec cat {shlex.quote(str(path))}", encoding=None, window=1 << 20
        )
        await session.ended.wait()
        spent = time.process_time() - began
    assert session.received == size_of(path), session.received
    return spent


class _Splitting:
    """Splits and decodes what it hears."""

    def __init__(self) -> None:
        self.stream = LineStream(AgentId("bench"), Clock(), PiDecoder())
        self.lines = 0

    def data_received(self, data: bytes, *, stderr: bool) -> None:
        self.lines += len(self.stream.feed(data))

    def closed(self) -> None:
        """Nothing to do."""


async def through_the_decoder(vms: LoopbackVms, path: Path, *, compression: bool) -> float:
    """Return the processor seconds of reading the file over a Connection, split and decoded."""
    connection = vms.connection(0, compression=compression)
    await connection.connect()
    try:
        listener = _Splitting()
        began = time.process_time()
        process = await connection.open_process(f"exec cat {shlex.quote(str(path))}", listener)
        await process.wait()
        spent = time.process_time() - began
        assert listener.stream.read == size_of(path)
        return spent
    finally:
        await connection.close()


async def through_the_reader(vms: LoopbackVms, path: Path, *, compression: bool) -> float:
    """Return the processor seconds of reading the file with an agent's reader: script, checks and cursors included."""
    connection = vms.connection(0, compression=compression)
    await connection.connect()
    store = await Store.open(vms.directory / f"{time.monotonic_ns()}.db")
    try:
        reader = AgentReader(AgentId("bench"), str(path), store, Clock(), PiDecoder())
        began = time.process_time()
        async for batch in reader.batches(connection):
            if batch.caught_up and batch.records:
                break
        return time.process_time() - began
    finally:
        await connection.close()
        await store.close()


async def whole_path(megabytes: int, rounds: int) -> Table:
    """Measure reading, plain and compressed, in turns."""
    table = Table(
        f"the whole path over SSH, {megabytes} MB of the accumulated dialect: processor seconds per GB here",
        ("path", "plain", "to asyncssh", "compressed", "to asyncssh"),
    )
    ways: tuple[tuple[str, Callable[..., Awaitable[float]]], ...] = (
        ("asyncssh into nothing", into_nothing),
        ("cockpit: decrypt, split, decode", through_the_decoder),
        ("cockpit: an agent's reader, with checks", through_the_reader),
    )
    took: dict[tuple[str, bool], list[float]] = {}
    with loopback_vms(1) as vms:
        path = vms.out(0)
        agent = Agent(deltas=1000)
        with path.open("wb") as file:
            while file.tell() < megabytes * 1_000_000:
                file.write(agent.lines(100))
        gigabytes = path.stat().st_size / 1e9
        for _ in range(rounds):
            for compression in (False, True):
                for name, way in ways:
                    spent = await way(vms, path, compression=compression)
                    took.setdefault((name, compression), []).append(spent / gigabytes)
    base = {compression: median(took[ways[0][0], compression]) for compression in (False, True)}
    for name, _ in ways:
        cells = []
        for compression in (False, True):
            value = median(took[name, compression])
            cells += [f"{value:.2f} s", ratio(value, base[compression])]
        table.add(name, *cells)
    return table


def main(words: Sequence[str] | None = None) -> tuple[Table, Table]:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=40, help="of the file that is read over SSH")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--budget", type=float, default=0.3, help="seconds per figure of the first table")
    arguments = parser.parse_args(words)
    first = decoders(arguments.budget)
    first.show()
    second = asyncio.run(whole_path(arguments.megabytes, arguments.rounds))
    second.show()
    return first, second


if __name__ == "__main__":
    main()
