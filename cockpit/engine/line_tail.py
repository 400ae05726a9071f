"""One agent's lines from its VM, from a line on, over as many connections as it takes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import NamedTuple

from cockpit.agents.framing import Line
from cockpit.agents.kinds import adapter_of
from cockpit.engine.engine import Engine
from cockpit.engine.streams.cursors import from_stored
from cockpit.engine.streams.lines import LineStream
from cockpit.engine.streams.reader import AgentReader
from cockpit.errors import CockpitError, Refused
from cockpit.model.events import Record
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.remote.ssh.connection import Connection
from cockpit.remote.ssh.files import read_range
from cockpit.remote.tail.cursor import Cursor, FileIdentity
from cockpit.store.store import Store

REACH_LIMIT = 60.0
"""Seconds the first connection may take."""

PAGE_BYTES = 1 << 20
"""Bytes of history read at a time."""

PAGE_RECORDS = 2_000


class TailedLine(NamedTuple):
    """A record and the bytes of its line."""

    record: Record
    line: Line | None
    """None for the marker before an epoch, which is no line of the file."""
    identity: FileIdentity | None = None
    """The file the line is of."""


async def follow_lines(
    engine: Engine, agent: Agent, from_line: int, *, follow: bool, raw: bool = False
) -> AsyncIterator[TailedLine]:
    """Yield records from a line of the present file on; without `follow`, up to what the file holds now.

    Args:
        from_line: the first line, counted from 1.
        follow: go on as lines arrive, over as many connections as it takes.
        raw: every byte of every line is wanted, so that nothing is filtered on the VM.

    Raises:
        CockpitError: the VM cannot be reached, or the history cannot be read.
    """
    agent_session = engine.agent_session(agent.id)
    if agent_session is None or agent_session.link is None:
        raise Refused(f"{agent.name} is not attached", hint="its VM is not on the list: see `cockpit vms`")
    stored = await engine.store.cursor(agent.id)
    known = from_stored(stored) if stored else None
    reader: AgentReader | None = None
    while True:
        connection = await agent_session.link.ready(REACH_LIMIT if not follow or reader is None else None)
        if reader is None:
            reader = await agent_session.reader(whole=True, raw=raw)
        try:
            async with contextlib.aclosing(reader.batches(connection)) as batches:
                async for batch in batches:
                    if batch.resumed and known is not None and stored is not None:
                        async for tailed in _history(engine, agent, reader.path, connection, known, stored.epoch):
                            if tailed.record.line >= from_line:
                                yield tailed
                        known = None
                    marker = batch.records[: len(batch.records) - len(batch.lines)]
                    for record in marker:
                        yield TailedLine(record, None)
                    identity = batch.place.identity if batch.place is not None else None
                    for record, line in zip(batch.records[len(marker) :], batch.lines, strict=True):
                        if record.line >= from_line:
                            yield TailedLine(record, line, identity)
                    if batch.caught_up and not follow:
                        return
        except CockpitError:
            # Of a connection that ended, the link says why and reconnects; the reader goes on at its own position.
            if not follow or not connection.closed:
                raise


async def _history(
    engine: Engine, agent: Agent, path: str, connection: Connection, cursor: Cursor, epoch: int
) -> AsyncIterator[TailedLine]:
    """Yield the records before a cursor that was just found valid."""
    stream = LineStream(agent.id, engine.clock, adapter_of(agent.program).decoder())
    stream.resume(0, 0, epoch)
    offset = 0
    while offset < cursor.offset:
        size = min(PAGE_BYTES, cursor.offset - offset)
        data = await read_range(connection, path, cursor.identity, offset, size)
        if not data:
            raise Refused(f"{path} ended at byte {offset} while its history was read", hint="try again")
        offset += len(data)
        lines = stream.lines(data)
        for record, line in zip(stream.records(lines), lines, strict=True):
            yield TailedLine(record, line, cursor.identity)


async def whole_line(engine: Engine, agent: Agent, tailed: TailedLine) -> AsyncIterator[bytes]:
    """Yield the bytes of a line, LF included; what was too long to be held is read from the VM once more.

    Raises:
        CockpitError: the VM cannot be reached, or another file is there by now.
    """
    line, identity = tailed.line, tailed.identity
    if line is None:
        return
    if not line.truncated:
        yield line.data + b"\n"
        return
    agent_session = engine.agent_session(agent.id)
    if agent_session is None or agent_session.link is None or identity is None:
        raise Refused(f"line {line.number} of {agent.name} is {line.length} bytes long and cannot be read whole")
    offset = line.offset
    while offset < line.end:
        connection = await agent_session.link.ready(REACH_LIMIT)
        size = min(PAGE_BYTES, line.end - offset)
        data = await read_range(connection, agent_session.path, identity, offset, size)
        if not data:
            raise Refused(f"{agent_session.path} ended at byte {offset} while a long line was read", hint="try again")
        offset += len(data)
        yield data


async def stored_lines(store: Store, agent: AgentId, from_line: int) -> AsyncIterator[Record]:
    """Yield what is recorded of an agent, oldest first."""
    position: tuple[int, int] | None = (0, 0)
    while records := await store.records(agent, after=position, limit=PAGE_RECORDS):
        for record in records:
            if record.line >= from_line:
                yield record
        position = (records[-1].epoch, records[-1].line)
