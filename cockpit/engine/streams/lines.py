"""From bytes to records: one agent's output file, cut into lines, decoded, and placed by epoch, line and offset."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.agents.adapter import Decoder
from cockpit.agents.framing import Line, LineSplitter
from cockpit.engine.clock import Clock
from cockpit.model.events import EpochStarted, Record
from cockpit.model.ids import AgentId
from cockpit.remote.tail.filter import Piece


class LineStream:
    """Decodes what a tail delivers. Holds at most one unfinished line; a drop throws that away and reads it again."""

    def __init__(self, agent: AgentId, clock: Clock, decoder: Decoder) -> None:
        self.agent = agent
        self.epoch = 0
        self.decoder = decoder
        self._clock = clock
        self._old_until = 0
        self._written_at = 0.0
        self._splitter = LineSplitter()

    def resume(self, offset: int, line: int, epoch: int) -> None:
        """Begin or go on at an offset where a line begins, with `line` lines before it."""
        self.epoch = epoch
        self._splitter = LineSplitter(offset=offset, number=line)

    def found(self, size: int, age: float | None) -> None:
        """Note what the file held when it was opened: that is as old as the file, not as our reading of it.

        Args:
            size: bytes it held.
            age: seconds since it was last written; None if that is not known.
        """
        self._old_until = 0 if age is None else size
        self._written_at = self._clock.now() - (age or 0.0)

    def marker(self, reason: str) -> Record:
        """Return the record that stands before an epoch's first line."""
        return Record(self.agent, self.epoch, 0, 0, 0, self._clock.now(), EpochStarted(reason))

    def lines(self, data: bytes) -> list[Line]:
        """Return the lines that the next bytes complete."""
        return self._splitter.feed(data)

    def lines_of(self, pieces: Iterable[Piece]) -> list[Line]:
        """Return the same for pieces that came through a filter; of a cut line the bytes that were kept."""
        splitter = self._splitter
        lines: list[Line] = []
        for piece in pieces:
            if piece.cut:
                lines.append(splitter.pass_line(piece.data, piece.length))
            else:
                lines += splitter.feed(piece.data)
        return lines

    def records(self, lines: Sequence[Line]) -> list[Record]:
        """Return a record for every line."""
        at, agent, epoch = self._clock.now(), self.agent, self.epoch
        decode = self.decoder.decode
        if lines and lines[0].end <= self._old_until:
            until, before = self._old_until, self._written_at
            return [
                Record(agent, epoch, number, offset, end, before if end <= until else at, decode(data, cut, length))
                for number, offset, end, data, length, cut in lines
            ]
        return [
            Record(agent, epoch, number, offset, end, at, decode(data, truncated, length))
            for number, offset, end, data, length, truncated in lines
        ]

    def feed(self, data: bytes) -> list[Record]:
        """Return a record for every line that the next bytes complete."""
        return self.records(self._splitter.feed(data))

    @property
    def read(self) -> int:
        """Byte offset up to which the file was delivered, a half line at its end included."""
        return self._splitter.offset + self._splitter.pending
