"""Framing: chunks of bytes become lines, whatever the chunking, with bounded memory."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

MAX_LINE = 8 * 1024 * 1024
"""Bytes of the longest line that is kept whole. An update of an 8,000-token answer is 86 kB in the accumulated
dialect and tool results are a few hundred kB, but `agent_end` repeats every message of its run, so several MB are
legitimate."""

HEAD_LIMIT = 64 * 1024
"""Bytes kept of a line longer than `MAX_LINE`: enough to tell its type and to show what it was."""


class Line(NamedTuple):
    """One line of an agent's output. A tuple, since one is made for every record of a stream."""

    number: int
    """1-based within the file."""
    offset: int
    """Where the line's first byte lies in the file."""
    end: int
    """Just after its LF: where a reader continues."""
    data: bytes
    """The line without its LF; only the head if `truncated`."""
    length: int
    """Bytes of the whole line, LF not counted."""
    truncated: bool
    """The line was longer than the limit."""


# What `Line(...)` does, without the call of a Python function in between: most of the time of cutting goes there.
_line = tuple.__new__


class LineSplitter:
    """Cuts a byte stream at LF only: U+2028, U+2029, U+0085 and CR are ordinary bytes inside a record.

    Not more than `max_line` bytes of an unfinished line are held; of a longer one the head stays and the rest is
    only counted.
    """

    def __init__(
        self,
        max_line: int = MAX_LINE,
        *,
        head_limit: int = HEAD_LIMIT,
        offset: int = 0,
        number: int = 0,
    ) -> None:
        """Start at a cursor.

        Args:
            max_line: longest line kept whole, bytes.
            head_limit: what is kept of a longer one, bytes; at most `max_line`.
            offset: byte offset in the file of the first byte that will be fed; a line starts there.
            number: lines before that offset.
        """
        if not 0 <= head_limit <= max_line:
            raise ValueError(f"head_limit {head_limit} is not between 0 and max_line {max_line}")
        self._max_line = max_line
        self._head_limit = head_limit
        self._offset = offset
        self._number = number
        self._held = bytearray()
        self._length = 0
        self._oversized = False

    @property
    def offset(self) -> int:
        """Byte offset just after the last complete line: the cursor."""
        return self._offset

    @property
    def number(self) -> int:
        """Lines completed so far, those before the start included."""
        return self._number

    @property
    def pending(self) -> int:
        """Bytes received of a line whose LF has not come yet; they must be read again after a drop."""
        return self._length

    def feed(self, chunk: bytes) -> list[Line]:
        """Take the next bytes of the file and return the lines they complete, in order."""
        if not chunk:
            return []
        pieces = chunk.split(b"\n")
        rest = pieces.pop()
        if not pieces:
            self._hold(rest)
            return []
        lines = [self._finish(pieces[0])]
        lines += map(self._whole, islice(pieces, 1, None))
        if rest:
            self._hold(rest)
        return lines

    def pass_line(self, data: bytes, length: int) -> Line:
        """Take one whole line of which only a part was sent, at a line boundary, and return it.

        Args:
            data: what was sent of it, LF not counted.
            length: bytes of the whole line in the file, LF counted.

        Raises:
            ValueError: a line is pending.
        """
        if self._length:
            raise ValueError(f"a whole line cannot follow {self._length} bytes of an unfinished one")
        return self._place(data, length - 1, False)

    def _hold(self, piece: bytes) -> None:
        self._length += len(piece)
        if self._oversized:
            return
        if self._length > self._max_line:
            self._oversized = True
            self._held += piece[: max(0, self._head_limit - len(self._held))]
            del self._held[self._head_limit :]
        else:
            self._held += piece

    def _finish(self, piece: bytes) -> Line:
        """Complete the line that was pending with its last piece."""
        if not self._length:
            return self._whole(piece)
        self._hold(piece)
        line = self._place(bytes(self._held), self._length, self._oversized)
        self._held = bytearray()
        self._length = 0
        self._oversized = False
        return line

    def _whole(self, piece: bytes) -> Line:
        """Complete a line that came in one chunk."""
        length = len(piece)
        if length > self._max_line:
            return self._place(piece[: self._head_limit], length, True)
        offset = self._offset
        self._offset = end = offset + length + 1
        self._number = number = self._number + 1
        return _line(Line, (number, offset, end, piece, length, False))

    def _place(self, data: bytes, length: int, truncated: bool) -> Line:
        offset = self._offset
        self._offset = end = offset + length + 1
        self._number += 1
        return Line(self._number, offset, end, data, length, truncated)
