"""One agent's reader: follows its output over a connection and resumes at the right line after any drop."""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cockpit.agents.adapter import Decoder, WireRules
from cockpit.agents.framing import Line
from cockpit.engine.clock import Clock
from cockpit.engine.streams.cursors import epoch_key, from_stored, to_stored
from cockpit.engine.streams.lines import LineStream
from cockpit.model.events import Record
from cockpit.model.ids import AgentId
from cockpit.remote.ssh.files import count_lines
from cockpit.remote.tail.cursor import Cursor, RecordPlace
from cockpit.remote.tail.events import LastBytes, TailData, TailFiltered, TailMissing, TailOpened, TailReset
from cockpit.remote.tail.filter import FilterProgram
from cockpit.remote.tail.tail import Tail
from cockpit.store.errors import StoreError
from cockpit.store.rows import StoredCursor
from cockpit.store.store import Store

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)

FIRST_CONTACT = 1 << 20
"""Bytes of a file's end that are read at the first contact: many screens full."""

FILTER_FROM = 32 << 10
"""Bytes that come raw before the filter is started where the output needs one: a few lines are here sooner so."""


class Batch(NamedTuple):
    """Lines that arrived together, with the place behind them. A tuple, since one is made for every arrival."""

    records: Sequence[Record] = ()
    lines: Sequence[Line] = ()
    """What the records were decoded from; a marker has no line."""
    place: RecordPlace | None = None
    """Where reading goes on behind them."""
    epoch: int = 0
    at: float = 0.0
    """Unix seconds."""
    caught_up: bool = False
    """Whether everything that the file held when it was opened has been delivered."""
    missing: bool = False
    """The file does not exist (yet)."""
    resumed: bool = False
    """The first batch of a connection, of a file that is the one read before."""

    @property
    def cursor(self) -> StoredCursor | None:
        """The place as the store takes it; its digest is taken here, since most places are never stored."""
        return None if self.place is None else to_stored(self.place.cursor(), self.epoch, self.at)


Deliver = Callable[[Batch], bool]
"""Takes a batch the moment it was read; returns whether there is room for more."""


class AgentReader:
    """Yields batches for as long as the connection lives; keeps the position from one connection to the next."""

    def __init__(
        self,
        agent: AgentId,
        path: str,
        store: Store,
        clock: Clock,
        decoder: Decoder,
        *,
        whole: bool = False,
        raw: bool = False,
    ) -> None:
        """Prepare; `restore` and `batches` read.

        Args:
            path: the output file on the VM.
            decoder: of the agent's kind.
            whole: begin a file that nobody read before at its start however long it is, instead of near its end.
            raw: have every byte of every line; nothing is filtered on the VM.
        """
        self.path = path
        self._whole = whole
        self._unfiltered = raw
        self._lines_before = 0
        self.stream = LineStream(agent, clock, decoder)
        self._agent = agent
        self._store = store
        self._clock = clock
        self._cursor: Cursor | None = None
        self._place: RecordPlace | None = None
        self._epoch = 0
        self._goal = 0
        self._raw = 0
        self._polling: float | None = None
        self._tail: Tail | None = None

    async def restore(self) -> tuple[int, int]:
        """Continue where the store says this agent's reading stands; return its (epoch, line)."""
        stored = await self._store.cursor(self._agent)
        cursor = from_stored(stored) if stored else None
        self._place = None
        if stored and cursor:
            self._cursor, self._epoch = cursor, stored.epoch
        elif stored:
            # An epoch of which nothing was stored yet: the same file gets the same number again.
            self._epoch = stored.epoch - 1
        return (stored.epoch, stored.line) if stored else (0, 0)

    async def rewind(self) -> None:
        """Go where the store is: back, if the rest was lost on its way to the disk; on, if another cockpit recorded."""
        stored = await self._store.cursor(self._agent)
        here = self._here()
        if stored is None or stored.epoch < self._epoch:
            return
        cursor = from_stored(stored)
        if stored.epoch > self._epoch:
            # Of an epoch without a cursor nothing was stored: whoever comes from the one before begins it alike.
            if cursor is not None:
                self._place, self._cursor, self._epoch = None, cursor, stored.epoch
        elif here is not None and stored.offset != here.offset:
            self._place, self._cursor = None, cursor
            if self._cursor is None:
                self._epoch -= 1

    def _here(self) -> Cursor | None:
        """Return where reading goes on."""
        return self._cursor if self._place is None else self._place.cursor()

    def go_on(self) -> None:
        """Deliver more, after there was no room."""
        if self._tail is not None:
            self._tail.go_on()

    def poll(self, seconds: float | None) -> None:
        """Look at the file every so many seconds from now on; None reads the moment the agent writes."""
        self._polling = seconds
        if self._tail is not None:
            self._tail.polling = seconds

    async def batches(self, connection: Connection, deliver: Deliver | None = None) -> AsyncGenerator[Batch, None]:
        """Follow the file until the connection ends.

        Args:
            deliver: takes batches of lines in the callback that brought them, as long as it has room; without it they
                are yielded, too.

        Raises:
            CockpitError: the connection dropped, or the VM cannot follow a file.
        """
        reason = ""
        self._lines_before = 0
        # Live comes first: of a long file that is new here, the end is read at once and the rest when it is asked for.
        start = None if self._whole or self._epoch else LastBytes(FIRST_CONTACT)

        def take(event: TailData | TailFiltered) -> bool:
            assert deliver is not None
            batch = self._read(event, following)
            return batch is None or deliver(batch)

        following = Tail(
            connection,
            self.path,
            self._here(),
            start=start,
            polling=self._polling,
            filtering=self._wire_filter(),
            sink=take if deliver is not None else None,
        )
        async with following as tail:
            self._tail = tail
            async for event in tail:
                match event:
                    case TailOpened(resumed=True):
                        yield self._resumed(event)
                    case TailOpened():
                        yield await self._begun(event, reason or event.reason, tail, connection)
                    case TailData() | TailFiltered():
                        batch = self._read(event, tail)
                        if batch is not None:
                            yield batch
                    case TailReset():
                        reason = self._lost(event)
                        self._cursor = self._place = None
                    case TailMissing():
                        yield Batch(caught_up=True, missing=True)

    def _lost(self, event: TailReset) -> str:
        """Say why the content is another one now, and how much of what was read last may be of it already."""
        doubtful = self.stream.read - event.valid_until
        if event.lost:
            return f"{event.reason}; {event.lost}"
        if self.stream.epoch != self._epoch or doubtful <= 0:
            return event.reason
        return f"{event.reason}; the last {doubtful} bytes before this may belong to the new content and come again"

    def _resumed(self, event: TailOpened) -> Batch:
        """Go on in the file read before: a half line that was held is read again after a drop."""
        here = self._here()
        assert here is not None
        if self.stream.epoch != self._epoch or self.stream.read != event.start_offset:
            self.stream.resume(event.start_offset, here.line, self._epoch)
        self.stream.found(event.size, event.age)
        self._goal = _goal(event)
        # What moved away is no present file: nobody may take its history for that.
        return Batch(caught_up=event.start_offset >= self._goal, resumed=not event.moved)

    async def _begun(self, event: TailOpened, reason: str, tail: Tail, connection: Connection) -> Batch:
        """Begin a file that was not read before: a new epoch, marked unless it is the agent's first."""
        key = epoch_key(event.identity, self._epoch)
        try:
            # Where somebody began it before us, the reason is the one that was found then.
            self._epoch, reason = await self._store.begin_epoch(self._agent, key, reason, self._clock.now())
        except StoreError as error:
            # A disk that refuses stops no reading: the lines are shown, and the store says itself what it misses.
            log.error("agent %s: %s", self._agent, error)
            self._epoch += 1
        start = event.start_offset
        self._lines_before = await count_lines(connection, self.path, start) if start else 0
        self.stream.resume(start, self._lines_before, self._epoch)
        self.stream.found(event.size, event.age)
        self._goal = _goal(event)
        marker = (self.stream.marker(reason),) if self._epoch > 1 else ()
        return self._batch(marker, (), tail)

    def _wire_filter(self) -> FilterProgram | None:
        """Return what the file shall go through on its VM: only output that repeats itself needs it."""
        if self._unfiltered or self._raw < FILTER_FROM:
            return None
        rules = self.stream.decoder.wire_rules
        return None if rules is None else _filter_program(rules)

    def _read(self, event: TailData | TailFiltered, tail: Tail) -> Batch | None:
        """Return the batch of what was read now, if it completes a line or is the last of what there was."""
        stream = self.stream
        if isinstance(event, TailData):
            self._raw += len(event.data)
            lines = stream.lines(event.data)
        else:
            lines = stream.lines_of(event.pieces)
        records = stream.records(lines)
        tail.filtering = self._wire_filter()
        if not records:
            return Batch(caught_up=True) if self._read_up_to(tail) >= self._goal else None
        return self._batch(records, lines, tail)

    def _batch(self, records: Sequence[Record], lines: Sequence[Line], tail: Tail) -> Batch:
        place = tail.place
        if place is not None and self._lines_before:
            # A tail that began near the end counts lines from there.
            place = place._replace(line=place.line + self._lines_before)
        self._place = place
        caught_up = self._read_up_to(tail) >= self._goal
        return Batch(records, lines, place, self._epoch, self._clock.now(), caught_up)

    def _read_up_to(self, tail: Tail) -> int:
        """Return the offset behind all that was read, the half line included that a filter keeps on the VM."""
        return self.stream.read + tail.held


def _goal(event: TailOpened) -> int:
    """Return the offset behind which nothing is known to wait; behind a file that moved away the present one does."""
    return sys.maxsize if event.moved else event.size


@functools.cache
def _filter_program(rules: WireRules) -> FilterProgram:
    """Return the same program for the same rules: a tail compares what it runs with what it should run."""
    return FilterProgram(rules.perl, rules.node)
