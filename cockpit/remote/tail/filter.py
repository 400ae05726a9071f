"""A filter between a file on the VM and us: what it may leave out, and the frames in which the rest travels.

A filter is a small program that reads the file in place of the channel. It travels with the command, is never stored,
and knows two things from its caller: which lines can be said shorter (`keep`) and which lines repeat the one before
(`series`). All else is here and in `filter_machines`, and holds for any such program.

Frames, each an ASCII header line and its payload:

    r N                         N bytes of the file as they are
    e N                         the last bytes of every following cut line, until the next `e`
    c LENGTH PREFIX N           a line of LENGTH bytes, LF included, was cut: what was kept of it is the first PREFIX
                                bytes of what was kept last, and these N bytes
    k SLOT N                    N bytes as they are, a whole line; remembered in a slot
    d SLOT PREFIX SUFFIX N      a whole line as it is: the first PREFIX bytes of the slot's line, these N bytes, and the
                                last SUFFIX bytes of the slot's line; remembered in its place
    p HELD                      so many bytes of an unfinished line are held on the VM now; no payload
    t N                         tail's own report; nothing follows

Lengths of all frames add up to the file's, so every position stays the original's. The ending of a cut line is what
the next cursor is anchored by: a filter never costs an exact position, only some of the anchor's 4096 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from cockpit.remote.tail.answers import ScriptEnded
from cockpit.remote.tail.cursor import HEAD_BYTES
from cockpit.remote.tail.programs import NODE_MACHINE, PERL_MACHINE

TAKEN_BYTES = 256 << 10
"""Bytes handed over at once; frames are expanded no earlier, since a small one can stand for a long line."""
_HEADER_LIMIT = 80
"""Bytes of the longest header; a longer one is none."""
_NUMBERS = {b"p": 1, b"r": 1, b"e": 1, b"c": 3, b"k": 2, b"d": 4, b"t": 1}


@dataclass(frozen=True, slots=True)
class FilterProgram:
    """The rules of a filter in the languages a VM may have. Each defines the functions `keep` and `series`.

    `keep(text, from, to, tail, whole)` returns what stands for the line that begins at `from`, or nothing to leave it
    as it is. `to` is where the line ends (its LF), or what is known of it ends; `tail` is its last bytes (LF excluded),
    undefined while they are not known; `whole` says that all of it is between `from` and `to`. A line too long to be
    held is asked about twice: without its tail, and, if that gave something, with it.

    `series(text, from, to)` returns the name of the series of lines that this one continues, or nothing.
    """

    perl: str
    """Perl 5; `text` is a reference to a byte string."""
    node: str
    """JavaScript for Node; `text` is a string with one character per byte."""

    @property
    def perl_program(self) -> str:
        """Return the whole program for perl."""
        return self.perl + PERL_MACHINE.replace("HEAD_BYTES", str(HEAD_BYTES))

    @property
    def node_program(self) -> str:
        """Return the whole program for node."""
        return self.node + NODE_MACHINE.replace("HEAD_BYTES", str(HEAD_BYTES))


class Piece(NamedTuple):
    """A stretch of a file. A tuple, since one is made for every cut line."""

    data: bytes
    """The bytes of the file, cut anywhere; or what a filter kept of one whole line, LF not included."""
    length: int
    """Bytes of the file it stands for."""
    ending: bytes = b""
    """The last bytes of the line in the file, LF included, if a filter cut it; else empty."""

    @property
    def cut(self) -> bool:
        """Whether this stands for one whole line that a filter shortened."""
        return bool(self.ending)


class FrameParser:
    """Takes frames apart, no earlier than they are wanted."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._raw_left = 0
        self._ending = b""
        self._kept = b""
        self._slots: dict[bytes, bytes] = {}
        self.report: bytes | None = None
        """What tail reported, once a `t` was taken."""
        self.held = 0
        """Bytes behind what was taken that the filter has read already: of a line that is not finished."""

    def __len__(self) -> int:
        """Bytes that wait."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take bytes off the wire."""
        self._buffer += data

    def clear(self) -> None:
        """Forget what waits; nothing sensible can follow."""
        self._buffer.clear()
        self._raw_left = 0

    def take(self, limit: int = TAKEN_BYTES) -> list[Piece]:
        """Return the next pieces, up to about `limit` bytes; none if the next frame is not complete.

        Raises:
            ScriptEnded: these are no frames.
        """
        pieces: list[Piece] = []
        size = at = 0
        buffer = self._buffer
        while size < limit and self.report is None:
            if self._raw_left:
                data = bytes(buffer[at : at + self._raw_left])
                if not data:
                    break
                self._raw_left -= len(data)
                at += len(data)
                size += len(data)
                pieces.append(Piece(data, len(data)))
                continue
            end = buffer.find(b"\n", at, at + _HEADER_LIMIT)
            if end < 0:
                if len(buffer) - at >= _HEADER_LIMIT:
                    raise ScriptEnded(f"the filter on the VM sent no frame but {bytes(buffer[at : at + 40])!r}")
                break
            kind, *words = bytes(buffer[at:end]).split(b" ")
            numbers = self._numbers(kind, words)
            if kind == b"p":
                self.held = numbers[0]
                at = end + 1
                pieces.append(Piece(b"", 0))
                continue
            if kind == b"r":
                self._raw_left = numbers[0]
                at = end + 1
                continue
            last = end + 1 + numbers[-1]
            if len(buffer) < last:
                break
            piece = self._expand(kind, numbers, bytes(buffer[end + 1 : last]))
            at = last
            if piece is not None:
                size += len(piece.data)
                pieces.append(piece)
        del buffer[:at]
        return pieces

    @staticmethod
    def _numbers(kind: bytes, words: list[bytes]) -> list[int]:
        if len(words) != _NUMBERS.get(kind) or not all(word.isdigit() for word in words):
            raise ScriptEnded(f"the filter on the VM sent no frame but {kind!r} {words!r}")
        return [int(word) for word in words]

    def _expand(self, kind: bytes, numbers: list[int], data: bytes) -> Piece | None:
        if kind == b"c":
            length, prefix, _ = numbers
            self._kept = self._kept[:prefix] + data
            return Piece(self._kept, length, self._ending)
        if kind == b"e":
            self._ending = data
            return None
        if kind == b"t":
            self.report = data
            return None
        slot = b"%d" % numbers[0]
        if kind == b"d":
            before = self._slots[slot]
            _, prefix, suffix, _ = numbers
            data = before[:prefix] + data + before[len(before) - suffix :]
        self._slots[slot] = data
        return Piece(data, len(data))
