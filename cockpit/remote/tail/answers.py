"""What the reading script answers, as values."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.remote.errors import CommandFailed
from cockpit.remote.tail.cursor import ANCHOR_BYTES, Cursor, FileIdentity, digest


@dataclass(frozen=True, slots=True)
class FileMissing:
    """There is no such file now."""

    reason: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The script's header."""

    identity: FileIdentity
    size: int
    start: int
    context_length: int
    """Bytes before `start` that come first, so that the next cursor has its anchor."""
    resumed: bool
    reason: str
    follower: str
    guarded: bool
    """No byte passes that was not looked at again in the opened file; see `guard`."""
    interpreter: str
    """What runs the filter, or `none`."""
    age: float | None
    """Seconds since the file was last written, by the VM's own clock; None if that clock says nonsense."""
    head: bytes
    """The first bytes of the file, at most HEAD_BYTES."""

    def continues(self, cursor: Cursor, context: bytes) -> bool:
        """Say whether head, and the bytes before the start, are those that the cursor was taken of."""
        head = self.head[: cursor.identity.head_length]
        before = context[len(context) - cursor.anchor_length :]
        return digest(head) == cursor.identity.head_digest and digest(before) == cursor.anchor_digest


@dataclass(frozen=True, slots=True)
class Rest:
    """What the script found when it was told to stop following."""

    state: str
    verdict: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Check:
    """The answer to a check."""

    state: str
    verdict: str
    alive: bool

    @property
    def good(self) -> bool:
        """The opened file is still the file of that name, unchanged up to the offset, and being followed."""
        return self.state == "same" and self.verdict == "ok" and self.alive


class ScriptEnded(CommandFailed):
    """The script ended, or hangs, in the middle of an exchange; another run may do better."""


def parse_header(words: list[str], head: bytes = b"") -> FileMissing | Opened:
    """Return the script's answer to the start or to `look`, and the file's head that came with it.

    Raises:
        CommandFailed: it says something else.
    """
    match words:
        case ["missing", reason]:
            return FileMissing(reason)
        case ["lacks", program]:
            raise CommandFailed(f"{program} is not installed on the VM", hint="install coreutils or busybox there")
        case ["opened", device, inode, size, start, resumed, reason, _, age, follower, guard, interpreter]:
            identity = FileIdentity(int(device), int(inode), len(head), digest(head))
            context = min(int(start), ANCHOR_BYTES)
            opened = (identity, int(size), int(start), context, resumed == "1", reason, follower, guard == "guarded")
            return Opened(*opened, interpreter, float(age) if age.isdecimal() else None, head)
        case _:
            raise CommandFailed(f"the reading script answered {' '.join(words)!r}")
