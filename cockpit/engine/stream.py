"""From bytes to records: one agent's output file, cut into lines, decoded, and placed by epoch, line and offset."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from cockpit.agents.framing import LineSplitter
from cockpit.agents.pi import PiDecoder
from cockpit.engine.clock import Clock
from cockpit.model.events import EpochStarted, Record
from cockpit.model.ids import AgentId
from cockpit.remote.cursor import Cursor, FileIdentity


class LineStream:
    """Decodes what a tail delivers. Holds at most one unfinished line; a drop throws that away and reads it again."""

    def __init__(self, agent: AgentId, clock: Clock) -> None:
        self.agent = agent
        self.epoch = 0
        self.decoder = PiDecoder()
        self._clock = clock
        self._splitter = LineSplitter()
        self._identity: FileIdentity | None = None
        self._start: Cursor | None = None

    def begin(self, identity: FileIdentity, epoch: int, *, offset: int = 0, line: int = 0) -> None:
        """Read a file that is new here: `line` lines lie before `offset`, which is a line's first byte."""
        self.epoch = epoch
        self._identity = identity
        self._start = None
        self._splitter = LineSplitter(offset=offset, number=line)

    def resume(self, cursor: Cursor, epoch: int) -> None:
        """Continue a file at a cursor that was checked on the VM."""
        self.begin(cursor.identity, epoch, offset=cursor.offset, line=cursor.line)
        self._start = cursor

    def marker(self, reason: str) -> Record:
        """Return the record that stands before an epoch's first line."""
        return Record(self.agent, self.epoch, 0, 0, 0, self._clock.now(), EpochStarted(reason))

    def feed(self, data: bytes) -> Iterator[tuple[Record, bytes]]:
        """Yield a record and the line's bytes (LF not included) for every line that the bytes complete."""
        at = self._clock.now()
        for line in self._splitter.feed(data):
            event = self.decoder.decode(line.data, truncated=line.truncated, length=line.length)
            yield Record(self.agent, self.epoch, line.number, line.offset, line.end, at, event), line.data

    @property
    def pending(self) -> int:
        """Bytes of a line whose LF has not come yet."""
        return self._splitter.pending

    def cursor(self) -> Cursor | None:
        """Return where reading continues, or None before the file was opened."""
        if self._identity is None:
            return None
        if self._start is not None and self._start.offset == self._splitter.offset:
            return self._start
        anchor = self._splitter.anchor()
        return Cursor(
            identity=self._identity,
            offset=self._splitter.offset,
            line=self._splitter.number,
            anchor_length=len(anchor),
            anchor_digest=hashlib.sha256(anchor).hexdigest(),
        )
