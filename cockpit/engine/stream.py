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
        self._head = b""

    def open(self, identity: FileIdentity, epoch: int, *, offset: int, line: int) -> None:
        """Begin or continue a file: `line` lines lie before `offset`, which is a line's first byte."""
        self.epoch = epoch
        self._identity = identity
        self._splitter = LineSplitter(offset=offset, line=line)

    def marker(self, reason: str) -> Record:
        """Return the record that stands before an epoch's first line."""
        return Record(self.agent, self.epoch, 0, 0, 0, self._clock.now(), EpochStarted(reason))

    def feed(self, data: bytes) -> Iterator[tuple[Record, bytes]]:
        """Yield a record and the line's bytes (LF not included) for every line that the bytes complete."""
        at = self._clock.now()
        for line in self._splitter.feed(data):
            event = self.decoder.decode(line.data, truncated=line.truncated, length=line.length)
            yield Record(self.agent, self.epoch, line.number, line.offset, line.end, at, event), line.data

    def cursor(self) -> Cursor | None:
        """Return where reading continues, or None before the file was opened."""
        if self._identity is None:
            return None
        anchor = self._splitter.anchor()
        return Cursor(
            identity=self._identity,
            offset=self._splitter.offset,
            line=self._splitter.line,
            anchor_length=len(anchor),
            anchor_digest=hashlib.sha256(anchor).hexdigest(),
        )
