"""From bytes to records: one agent's output file, cut into lines, decoded, and placed by epoch, line and offset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cockpit.agents.framing import Line, LineSplitter
from cockpit.agents.pi import PiDecoder
from cockpit.engine.clock import Clock
from cockpit.model.events import EpochStarted, Record
from cockpit.model.ids import AgentId
from cockpit.remote.filtering import Piece


class LineStream:
    """Decodes what a tail delivers. Holds at most one unfinished line; a drop throws that away and reads it again."""

    def __init__(self, agent: AgentId, clock: Clock) -> None:
        self.agent = agent
        self.epoch = 0
        self.decoder = PiDecoder()
        self._clock = clock
        self._splitter = LineSplitter()

    def resume(self, offset: int, line: int, epoch: int) -> None:
        """Begin or go on at an offset where a line begins, with `line` lines before it."""
        self.epoch = epoch
        self._splitter = LineSplitter(offset=offset, number=line)

    def marker(self, reason: str) -> Record:
        """Return the record that stands before an epoch's first line."""
        return Record(self.agent, self.epoch, 0, 0, 0, self._clock.now(), EpochStarted(reason))

    def feed(self, data: bytes) -> Iterator[tuple[Record, bytes]]:
        """Yield a record and the line's bytes (LF not included) for every line that the bytes complete."""
        at = self._clock.now()
        for line in self._splitter.feed(data):
            yield self._record(line, at), line.data

    def feed_pieces(self, pieces: Iterable[Piece]) -> Iterator[tuple[Record, bytes]]:
        """Yield the same for pieces that came through a filter; of a cut line the bytes that were kept."""
        at = self._clock.now()
        for piece in pieces:
            if piece.cut:
                line = self._splitter.pass_line(piece.data, piece.length, piece.ending)
                yield self._record(line, at), line.data
            else:
                yield from self.feed(piece.data)

    def _record(self, line: Line, at: float) -> Record:
        event = self.decoder.decode(line.data, truncated=line.truncated, length=line.length)
        return Record(self.agent, self.epoch, line.number, line.offset, line.end, at, event)

    @property
    def read(self) -> int:
        """Byte offset up to which the file was delivered, a half line at its end included."""
        return self._splitter.offset + self._splitter.pending
