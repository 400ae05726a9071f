"""The engine's reader goes on the diet when the stream shows the dialect that needs it, and off when it does not."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cockpit.agents.framing import LineSplitter
from cockpit.agents.pi.decode import PiDecoder
from cockpit.engine.clock import Clock
from cockpit.engine.streams.reader import AgentReader
from cockpit.model.events import Record
from cockpit.store.store import Store
from tests.model.captures import AGENT, content
from tests.remote.conftest import Connect, connect, sshd
from tests.remote.tail.test_tail import append
from tests.remote.waiting import until
from tests.wire_filter.pipes import WIRE_FILTER, records_of
from tests.wire_filter.test_rules import shown, state

__all__ = ["connect", "sshd"]

ACCUMULATED = content("thinking_tools.jsonl")
DELTA = content("simple_text.v0.87.1.jsonl")


async def test_the_dialect_decides(connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "out"
    half = ACCUMULATED.find(b"\n", len(ACCUMULATED) // 2) + 1
    path.write_bytes(ACCUMULATED[:half])
    store = await Store.open(tmp_path / "store")
    reader = AgentReader(AGENT, str(path), store, Clock(), PiDecoder())
    records: list[Record] = []

    async def read() -> None:
        async for batch in reader.batches(await connect()):
            records.extend(batch.records)

    def read_up_to(end: int) -> bool:
        return bool(records) and records[-1].end == end

    reading = asyncio.create_task(read())
    try:
        await until(lambda: read_up_to(half))
        tail = reader._tail
        assert tail is not None
        await until(lambda: tail.filtering == WIRE_FILTER)
        await until(lambda: tail.interpreter == "perl")
        append(path, ACCUMULATED[half:])
        await until(lambda: read_up_to(len(ACCUMULATED)))
        append(path, DELTA)
        await until(lambda: read_up_to(len(ACCUMULATED + DELTA)))
        await until(lambda: tail.filtering is None)
        await until(lambda: tail.interpreter == "none")
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await store.close()
    raw = records_of(LineSplitter().feed(ACCUMULATED + DELTA))
    assert [(one.line, one.offset, one.end) for one in records] == [(one.line, one.offset, one.end) for one in raw]
    at_the_same_time = [
        Record(one.agent, 1, one.line, one.offset, one.end, other.at, one.event)
        for one, other in zip(records, raw, strict=True)
    ]
    assert shown(at_the_same_time) == shown(raw) and state(at_the_same_time) == state(raw)
