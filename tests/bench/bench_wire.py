"""Bytes on the wire for one byte of what the model wrote: raw, compressed, on the diet, and both.

    python -m tests.bench.bench_wire [--live LINES_PER_WRITE]

A real `sshd` serves a capture to the real reading layer; what the client's socket receives is counted behind the
handshake, so SSH framing, the script's own words and every flush are in it. `live` appends the file in writes of a few
lines and waits for each, as a reader woken by the kernel sees it; `bulk` reads the file as it lies there.

Baselines are the raw stream, the raw stream with SSH compression, and the limit that a compressor with an unbounded
window reaches (LZMA over the whole file; the diet can heartbeat it: it leaves out what LZMA must be able to give back).
In short captures prompts, tool results and the reading script's own words weigh more than what the model wrote.
"""

from __future__ import annotations

import argparse
import asyncio
import lzma
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cockpit.agents.framing import LineSplitter
from cockpit.agents.pi.decode import PiDecoder
from cockpit.model.events import TextDelta, ThinkingDelta, ToolCallDelta
from cockpit.remote.ssh.connection import Connection
from cockpit.remote.tail.events import TailData, TailFiltered
from cockpit.remote.tail.filter import FilterProgram
from cockpit.remote.tail.tail import Tail
from tests.bench.table import Table
from tests.model.captures import content
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.relays import Relay
from tests.remote.sshd import Sshd
from tests.wire_filter.pipes import WIRE_FILTER

CAPTURES = ("long_answer_2500.jsonl.gz", "long_answer_8000.v0.87.1.jsonl.gz", "thinking_tools.jsonl")
GOAL = 4.0
"""Wire bytes per byte of model output."""


def model_output(data: bytes) -> int:
    """Return how many bytes of text, thinking and tool arguments the model wrote."""
    decoder = PiDecoder()
    size = 0
    for line in LineSplitter().feed(data):
        event = decoder.decode(line.data)
        if isinstance(event, TextDelta | ThinkingDelta | ToolCallDelta):
            size += len(event.text.encode())
    return size


def writes(data: bytes, lines: int) -> Iterator[bytes]:
    """Cut a file into writes of so many lines; all of it if none."""
    if not lines:
        yield data
        return
    ends = [line.end for line in LineSplitter().feed(data)]
    at = 0
    for end in [*ends[lines - 1 :: lines], len(data)]:
        if end > at:
            yield data[at:end]
            at = end


class Wire:
    """One file read over one connection whose bytes are counted."""

    def __init__(self, connection: Connection, path: Path, wire_filter: FilterProgram | None) -> None:
        self._connection = connection
        self._path = path
        self._wire_filter = wire_filter
        self._read = 0
        self._moved = asyncio.Event()

    async def follow(self) -> None:
        """Read until cancelled."""
        async with Tail(self._connection, str(self._path), filtering=self._wire_filter) as tail:
            async for event in tail:
                match event:
                    case TailData(data=some):
                        self._read += len(some)
                    case TailFiltered(pieces=pieces):
                        self._read += sum(piece.length for piece in pieces)
                self._moved.set()

    async def reach(self, offset: int) -> None:
        """Return once everything before an offset was read."""
        async with asyncio.timeout(60):
            while self._read < offset:
                self._moved.clear()
                await self._moved.wait()


async def wire_bytes(
    chunks: list[bytes], sshd: Sshd, path: Path, compression: bool, wire_filter: FilterProgram | None
) -> int:
    """Return the bytes received while a file is written in chunks and each is waited for."""
    async with Relay(sshd.port) as relay:
        connection = Connection(
            sshd.endpoint(port=relay.port), sshd.private_key, MemoryHostKeys(), compression=compression
        )
        await connection.connect()
        before = relay.downstream
        wire = Wire(connection, path, wire_filter)
        written = put(path, chunks[0], "wb")
        following = asyncio.create_task(wire.follow())
        for chunk in chunks[1:]:
            await wire.reach(written)
            written += put(path, chunk, "ab")
        await wire.reach(written)
        received = relay.downstream - before
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await connection.close()
    return received


def put(path: Path, data: bytes, mode: str) -> int:
    """Write bytes and return how many."""
    with path.open(mode) as file:
        file.write(data)
    return len(data)


async def measure(captures: tuple[str, ...], lines: int, directory: Path) -> Table:
    """Return the table."""
    how = f"live, {lines} lines a write" if lines else "bulk"
    title = f"wire bytes per byte of model output, {how}"
    table = Table(title, ("capture", "output B", "raw", "raw+zlib", "diet", "diet+zlib", "LZMA"))
    sshd = Sshd(directory / "sshd")
    sshd.start()
    try:
        for name in captures:
            data = content(name)
            output = model_output(data)
            cells = []
            for wire_filter in (None, WIRE_FILTER):
                for compression in (False, True):
                    chunks = list(writes(data, lines))
                    received = await wire_bytes(chunks, sshd, directory / "out", compression, wire_filter)
                    cells.append(f"{received / output:.2f}")
            limit = len(lzma.compress(data)) / output
            table.add(name, str(output), *cells, f"{limit:.2f}")
    finally:
        sshd.stop()
    table.note(f"goal: at most {GOAL:g}; `diet+zlib` for the accumulated dialect, `raw+zlib` for the delta one")
    return table


def main(arguments: list[str]) -> Table:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--live", type=int, default=0, metavar="LINES", help="lines per write; 0 reads in bulk")
    parser.add_argument("captures", nargs="*", default=CAPTURES)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="cockpit-wire-") as directory:
        table = asyncio.run(measure(tuple(chosen.captures), chosen.live, Path(directory)))
    table.show()
    return table


if __name__ == "__main__":
    main(sys.argv[1:])
