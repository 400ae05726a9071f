"""One agent's reader: follows its output over a connection and resumes at the right line after any drop."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from cockpit.engine.clock import Clock
from cockpit.engine.cursors import epoch_key, from_stored, to_stored
from cockpit.engine.stream import LineStream
from cockpit.model.events import Record
from cockpit.model.ids import AgentId
from cockpit.remote.connection import Connection
from cockpit.remote.cursor import Cursor
from cockpit.remote.tail import TailData, TailMissing, TailOpened, TailReset, follow
from cockpit.store.rows import StoredCursor
from cockpit.store.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that arrived together, with the cursor behind them."""

    records: tuple[Record, ...]
    lines: tuple[bytes, ...]
    """The lines' bytes, one per record; empty for a marker."""
    cursor: StoredCursor | None
    caught_up: bool
    """Whether everything that the file held when it was opened has been delivered."""
    missing: bool = False
    """The file does not exist yet."""
    resumed: bool = False
    """The first batch of a connection, of a file that is the one read before."""


class AgentReader:
    """Yields batches for as long as the connection lives; keeps the position from one connection to the next."""

    def __init__(self, agent: AgentId, path: str, store: Store, clock: Clock) -> None:
        self.stream = LineStream(agent, clock)
        self._agent = agent
        self.path = path
        self._store = store
        self._clock = clock
        self._position: tuple[Cursor, int] | None = None
        self._goal = 0

    async def restore(self) -> None:
        """Continue where the store says this agent's reading stands."""
        stored = await self._store.cursor(self._agent)
        cursor = from_stored(stored) if stored else None
        if stored and cursor:
            self._position = (cursor, stored.epoch)

    async def batches(self, connection: Connection, *, polling: float | None = None) -> AsyncIterator[Batch]:
        """Follow the file until the connection ends.

        Raises:
            CockpitError: the connection dropped, or the VM cannot follow a file.
        """
        position = self._position
        cursor, epoch = position if position else (None, 0)
        reason = ""
        async for event in follow(connection, self.path, cursor, polling=polling):
            match event:
                case TailOpened(identity=identity, size=size, resumed=True) if position is not None:
                    self.stream.resume(position[0], position[1])
                    self._goal = size
                    yield replace(self._batch([], []), resumed=True)
                case TailOpened(identity=identity, size=size, start_offset=start):
                    previous = self.stream.epoch or epoch
                    number = await self._store.begin_epoch(
                        self._agent, epoch_key(identity, previous), reason or event.reason, self._clock.now()
                    )
                    self.stream.begin(identity, number, offset=start)
                    self._goal = size
                    marker = [self.stream.marker(reason or event.reason)] if number > 1 else []
                    yield self._batch(marker, [b""] * len(marker))
                case TailData(data=data):
                    pairs = list(self.stream.feed(data))
                    if pairs:
                        yield self._batch([record for record, _ in pairs], [line for _, line in pairs])
                case TailReset(reason=why):
                    position = None
                    reason = why
                case TailMissing():
                    yield Batch((), (), None, caught_up=True, missing=True)

    def _batch(self, records: list[Record], lines: list[bytes]) -> Batch:
        cursor = self.stream.cursor()
        stored = None
        caught_up = False
        if cursor is not None:
            self._position = (cursor, self.stream.epoch)
            stored = to_stored(cursor, self.stream.epoch, self._clock.now())
            caught_up = cursor.offset + self.stream.pending >= self._goal
        return Batch(tuple(records), tuple(lines), stored, caught_up)
