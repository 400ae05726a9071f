"""One agent's lines from its VM, from a line on, over as many connections as it takes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from cockpit.engine.cursors import from_stored
from cockpit.engine.engine import Engine
from cockpit.engine.reader import AgentReader
from cockpit.engine.stream import LineStream
from cockpit.errors import CockpitError, Refused
from cockpit.model.events import Record
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.remote.connection import Connection
from cockpit.remote.cursor import Cursor
from cockpit.remote.files import read_range
from cockpit.store.store import Store

REACH_LIMIT = 60.0
"""Seconds the first connection may take."""

PAGE_BYTES = 1 << 20
"""Bytes of history read at a time."""

PAGE_RECORDS = 2_000


async def follow_lines(engine: Engine, agent: Agent, from_line: int, *, follow: bool) -> AsyncIterator[Record]:
    """Yield records from a line of the present file on; without `follow`, up to what the file holds now.

    Raises:
        CockpitError: the VM cannot be reached, or the history cannot be read.
    """
    attachment = engine.roster.attachment(agent.id)
    if attachment is None or attachment.link is None:
        raise Refused(f"{agent.name} is not attached", hint="its VM is not on the list: see `cockpit vms`")
    stored = await engine.store.cursor(agent.id)
    known = from_stored(stored) if stored else None
    reader: AgentReader | None = None
    while True:
        connection = await attachment.link.ready(REACH_LIMIT if not follow or reader is None else None)
        if reader is None:
            reader = await attachment.reader(whole=True)
        try:
            async with contextlib.aclosing(reader.batches(connection)) as batches:
                async for batch in batches:
                    if batch.resumed and known is not None and stored is not None:
                        async for record in _history(engine, agent.id, reader.path, connection, known, stored.epoch):
                            if record.line >= from_line:
                                yield record
                        known = None
                    for record in batch.records:
                        if record.line >= from_line or record.line == 0:
                            yield record
                    if batch.caught_up and not follow:
                        return
        except CockpitError:
            # Of a connection that ended, the link says why and reconnects; the reader goes on at its own position.
            if not follow or not connection.closed:
                raise


async def _history(
    engine: Engine, agent: AgentId, path: str, connection: Connection, cursor: Cursor, epoch: int
) -> AsyncIterator[Record]:
    """Yield the records before a cursor that was just found valid."""
    stream = LineStream(agent, engine.clock)
    stream.resume(0, 0, epoch)
    offset = 0
    while offset < cursor.offset:
        size = min(PAGE_BYTES, cursor.offset - offset)
        data = await read_range(connection, path, cursor.identity, offset, size)
        if not data:
            raise Refused(f"{path} ended at byte {offset} while its history was read", hint="try again")
        offset += len(data)
        for record in stream.feed(data):
            yield record


async def stored_lines(store: Store, agent: AgentId, from_line: int) -> AsyncIterator[Record]:
    """Yield what is recorded of an agent, oldest first."""
    position: tuple[int, int] | None = (0, 0)
    while records := await store.records(agent, after=position, limit=PAGE_RECORDS):
        for record in records:
            if record.line >= from_line:
                yield record
        position = (records[-1].epoch, records[-1].line)
