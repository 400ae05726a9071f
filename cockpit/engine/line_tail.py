"""One agent's lines from its VM, from a line on, over as many connections as it takes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.agents.framing import Line
from cockpit.agents.kinds import adapter_of
from cockpit.engine.clock import Clock
from cockpit.engine.streams.cursors import from_stored
from cockpit.engine.streams.lines import LineStream
from cockpit.engine.streams.reader import AgentReader
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import CockpitError, Refused
from cockpit.model.events import Record
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.remote.ssh.files import read_range
from cockpit.remote.tail.cursor import Cursor, FileIdentity
from cockpit.store.store import Store

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

REACH_LIMIT = 60.0
"""Seconds the first connection may take."""

PAGE_BYTES = 1 << 20
"""Bytes of history read at a time."""


SessionOf = Callable[[AgentId], AgentSession | None]
"""Finds the session with an agent, whichever source it is of."""


@dataclass(frozen=True, slots=True)
class TailedLine:
    """A record and where the bytes of its line are; implements `cockpit.engine.port.OutputLine`."""

    record: Record
    agent: Agent
    session_of: SessionOf
    line: Line | None
    """None for the marker before an epoch, which is no line of the file."""
    identity: FileIdentity | None = None
    """The file the line is of."""

    async def data(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the line, LF included; what was too long to be held is read from the VM once more."""
        line = self.line
        if line is None:
            return
        if not line.truncated:
            yield line.data + b"\n"
            return
        attached = self.session_of(self.agent.id)
        if attached is None or attached.link is None or self.identity is None:
            raise Refused(f"line {line.number} of {self.agent.name} is {line.length} bytes long, not to be read whole")
        offset = line.offset
        while offset < line.end:
            connection = await attached.link.ready(REACH_LIMIT)
            size = min(PAGE_BYTES, line.end - offset)
            data = await read_range(connection, attached.path, self.identity, offset, size)
            if not data:
                raise Refused(f"{attached.path} ended at byte {offset} while a long line was read", hint="try again")
            offset += len(data)
            yield data


class LineTail:
    """Implements `cockpit.engine.port.OutputPort` over the sessions with agents."""

    def __init__(self, session_of: SessionOf, store: Store, clock: Clock) -> None:
        self._session_of = session_of
        self._store = store
        self._clock = clock

    def is_attached(self, agent: AgentId) -> bool:
        """Say whether the engine connects to an agent."""
        return self._session_of(agent) is not None

    def is_up_to_date(self, agent: AgentId) -> bool:
        """Say whether an agent's output was read to its end, and its process was looked at."""
        attached = self._session_of(agent)
        return attached is not None and attached.caught_up.is_set() and attached.probed.is_set()

    async def lines(self, agent: Agent, *, follow: bool, raw: bool = False) -> AsyncIterator[TailedLine]:
        """Yield lines of the present file, read from the VM; without `follow`, up to what the file holds now."""
        attached = self._session_of(agent.id)
        if attached is None or attached.link is None:
            raise Refused(f"{agent.name} is not attached", hint="its place is on no list: see `cockpit vms`")
        stored = await self._store.cursor(agent.id)
        known = from_stored(stored) if stored else None
        reader: AgentReader | None = None
        while True:
            connection = await attached.link.ready(REACH_LIMIT if not follow or reader is None else None)
            if reader is None:
                reader = await attached.reader(whole=True, raw=raw)
            try:
                async with contextlib.aclosing(reader.batches(connection)) as batches:
                    async for batch in batches:
                        if batch.resumed and known is not None and stored is not None:
                            async for tailed in self._before(agent, reader.path, connection, known, stored.epoch):
                                yield tailed
                            known = None
                        marker = batch.records[: len(batch.records) - len(batch.lines)]
                        for record in marker:
                            yield TailedLine(record, agent, self._session_of, None)
                        identity = batch.place.identity if batch.place is not None else None
                        for record, line in zip(batch.records[len(marker) :], batch.lines, strict=True):
                            yield TailedLine(record, agent, self._session_of, line, identity)
                        if batch.caught_up and not follow:
                            return
            except CockpitError:
                # Of a connection that ended, the link says why and reconnects; the reader goes on at its position.
                if not follow or not connection.closed:
                    raise

    async def _before(
        self, agent: Agent, path: str, connection: Connection, cursor: Cursor, epoch: int
    ) -> AsyncIterator[TailedLine]:
        """Yield the lines before a cursor that was just found valid."""
        stream = LineStream(agent.id, self._clock, adapter_of(agent.program).decoder())
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
                yield TailedLine(record, agent, self._session_of, line, cursor.identity)
