"""The difference of two states of a workspace: files, hunks, lines; names and texts are foreign and may hold anything.

Bytes that are not UTF-8 are kept as PEP 383 has it, so that a name can be used again and a line compared exactly.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a hunk."""

    kind: str
    """A blank for one that stayed, `+` or `-`."""
    text: str
    """Without its LF; a CR before it stays."""
    old: int | None
    """Its number in the old file, from 1; None for one that was added."""
    new: int | None
    """Its number in the new file; None for one that was removed."""
    ended: bool = True
    """Whether an LF follows it: the last line of a file may lack one."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines of a file that changed, with some that did not around them."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    heading: str
    """The line that git shows for where it is, such as the head of a function."""
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that differs."""

    status: str
    """`A` added, `D` deleted, `M` changed, `R` renamed, `C` copied, `T` of another type."""
    old: str
    """Its path before, from the top of its repository on; of one that was added, the new one."""
    new: str
    """Its path now; of one that was deleted, the old one."""
    added: int = 0
    removed: int = 0
    binary: bool = False
    """Its lines are not counted, and it has no hunks."""
    old_mode: str = ""
    """Six octal digits as git writes them; empty where the mode did not change, or there was none."""
    new_mode: str = ""
    hunks: tuple[Hunk, ...] = ()
    sizes: tuple[int, int] | None = None
    """Bytes before and now, where that is all that is known of its content; None where its lines are told."""
    whole: bool = True
    """Its hunks are all there; False where they were not carried."""

    @property
    def path(self) -> str:
        """The path it is known by."""
        return self.new


def added_lines(files: tuple[FileChange, ...]) -> int:
    """Return how many lines were added altogether."""
    return sum(file.added for file in files)


def removed_lines(files: tuple[FileChange, ...]) -> int:
    """Return how many lines were removed altogether."""
    return sum(file.removed for file in files)


def moved_line(hunks: tuple[Hunk, ...], line: int) -> int | None:
    """Return the number that a line of the old file has in the new one, or None if it was changed or removed."""
    shift = 0
    for hunk in hunks:
        # Of an empty side git names the line before it.
        old_first = hunk.old_start + (hunk.old_count == 0)
        new_first = hunk.new_start + (hunk.new_count == 0)
        if old_first + hunk.old_count <= line:
            shift = new_first + hunk.new_count - old_first - hunk.old_count
        elif old_first <= line:
            return next((found.new for found in hunk.lines if found.old == line), None)
        else:
            break
    return line + shift
