"""A position in a growing file that can be checked: which file, how far, and what stood just before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

HEAD_BYTES = 4096
"""Most bytes of a file's start that identify it."""
ANCHOR_BYTES = 4096
"""Most bytes before the offset that prove the content is still the one that was read."""


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes in lower-case hexadecimal, as `sha256sum` prints it."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What makes a file the same file. No part is enough alone: inodes are reused, starts are alike."""

    device: int
    inode: int
    head_length: int
    """Bytes of the start that `head_digest` covers: at most HEAD_BYTES, fewer if the file was shorter then."""
    head_digest: str
    """SHA-256, hexadecimal."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where to go on reading."""

    identity: FileIdentity
    offset: int
    """Bytes from the start of the file; always just behind a line feed, or zero."""
    line: int
    """Line feeds before the offset, counted from where reading once began."""
    anchor_length: int
    """Bytes before the offset that `anchor_digest` covers; at most ANCHOR_BYTES."""
    anchor_digest: str
    """SHA-256, hexadecimal. The only check that sees a file rewritten in place and grown past the offset."""


class RecordPlace(NamedTuple):
    """A position as it was while reading: a cursor whose digest is not taken yet. One is made for every batch."""

    identity: FileIdentity
    offset: int
    line: int
    before: bytes
    """The last bytes before the offset, at most ANCHOR_BYTES."""

    def cursor(self) -> Cursor:
        """Take the digest."""
        return Cursor(self.identity, self.offset, self.line, len(self.before), digest(self.before))


class Track:
    """Follows the bytes of one file as they are read and knows the last line boundary among them."""

    def __init__(self, identity: FileIdentity, offset: int, line: int, context: bytes) -> None:
        """Start at `offset`, a line boundary; `context` is what stands before it, as far as it is known."""
        self.identity = identity
        # A file shorter than a head when it was opened: its identity grows until the head is full.
        self._head = bytearray() if offset == 0 and identity.head_length < HEAD_BYTES else None
        self.offset = offset
        self.recent = context[-ANCHOR_BYTES:]
        """The last bytes before `offset`, at most ANCHOR_BYTES."""
        self.boundary = offset
        self.line = line
        self._anchor = self.recent

    def advance(self, data: bytes) -> None:
        """Move behind bytes that were read."""
        if self._head is not None:
            self._grow(data)
        end = data.rfind(b"\n") + 1
        if end:
            self.boundary = self.offset + end
            self.line += data.count(b"\n")
            self._anchor = _last(self.recent, data[max(0, end - ANCHOR_BYTES) : end])
        self.recent = self._anchor if end and end == len(data) else _last(self.recent, data[-ANCHOR_BYTES:])
        self.offset += len(data)

    def advance_line(self, length: int, ending: bytes) -> None:
        """Move behind a whole line of which only the last bytes are known; the anchor begins anew with them."""
        self.offset += length
        self.boundary = self.offset
        self.line += 1
        self.recent = self._anchor = ending[-ANCHOR_BYTES:]

    def _grow(self, data: bytes) -> None:
        assert self._head is not None
        self._head += data[: HEAD_BYTES - len(self._head)]
        head = bytes(self._head)
        self.identity = FileIdentity(self.identity.device, self.identity.inode, len(head), digest(head))
        if len(head) == HEAD_BYTES:
            self._head = None

    def place(self) -> RecordPlace:
        """Return the last line boundary."""
        return RecordPlace(self.identity, self.boundary, self.line, self._anchor)

    def here(self) -> RecordPlace:
        """Return the exact position, also inside a line; only for going on at once."""
        return RecordPlace(self.identity, self.offset, self.line, self.recent)


def _last(before: bytes, after: bytes) -> bytes:
    missing = ANCHOR_BYTES - len(after)
    return before[-missing:] + after if missing > 0 else after
