"""What a Tail says of the file it reads."""

from __future__ import annotations

from dataclasses import dataclass, field

from cockpit.remote.tail.cursor import FileIdentity
from cockpit.remote.tail.filter import Piece


@dataclass(frozen=True, slots=True)
class TailOpened:
    """Reading begins, or goes on where the cursor says."""

    identity: FileIdentity
    size: int
    """Bytes of the file at this moment."""
    start_offset: int
    """Where the first byte of the next TailData stands; a line begins here."""
    resumed: bool
    reason: str
    """`same` when resumed; `new`, `end` (near the end of a large file), `moved`, or why a cursor was refused."""
    age: float | None = field(default=None, compare=False)
    """Seconds since the file was last written, by the VM's own clock: no clock of ours is compared with it."""
    moved: bool = False
    """The file is read under another name, since it went away unread; the present one follows."""


@dataclass(frozen=True, slots=True)
class TailData:
    """The next bytes; cut anywhere."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class TailFiltered:
    """The next pieces, in order, from a filter on the VM. Lines that it cut are whole and stand between boundaries."""

    offset: int
    """Where the first piece begins in the file."""
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class TailReset:
    """The content read so far is gone; a TailOpened at offset 0 follows. A half line before it stays half."""

    reason: str
    """`truncated`, `rewritten` or `replaced`."""
    valid_until: int
    """Offset in the old content up to which what was delivered is certain; bytes beyond it come again."""
    lost: str = ""
    """What of the old content may never have been delivered, in words; empty if all was, as far as can be known."""


@dataclass(frozen=True, slots=True)
class TailMissing:
    """There is no file to read; it is waited for."""

    reason: str
    """`absent`, `not-a-file`, `unreadable`, or `removed` while it was being read."""


TailEvent = TailOpened | TailData | TailFiltered | TailReset | TailMissing


@dataclass(frozen=True, slots=True)
class LastBytes:
    """Start at the first line that begins within the last `count` bytes, or earlier if none does."""

    count: int
