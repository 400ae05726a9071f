"""Where git is not there: files by size, time and digest, compared with what they were when they were listed before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.model.changes.diff import FileChange


@dataclass(frozen=True, slots=True)
class ListedFile:
    """What is known of a file."""

    size: int
    """Bytes."""
    changed_at: int
    """Unix seconds by the VM's clock."""
    digest: str
    """SHA-256 in hexadecimal digits; empty for a file that is too large to be read."""


Listing = Mapping[str, ListedFile]
"""The files of a workspace by their paths."""


def changed_files(before: Listing, now: Listing) -> tuple[FileChange, ...]:
    """Return the files that are not what they were; one without a digest counts by its size and time."""
    found: list[FileChange] = []
    for path in sorted({*before, *now}):
        old, new = before.get(path), now.get(path)
        if old is None and new is not None:
            found.append(_change("A", path, 0, new.size))
        elif new is None and old is not None:
            found.append(_change("D", path, old.size, 0))
        elif old is not None and new is not None and _differs(old, new):
            found.append(_change("M", path, old.size, new.size))
    return tuple(found)


def _differs(old: ListedFile, new: ListedFile) -> bool:
    if old.digest and new.digest:
        return old.digest != new.digest
    return (old.size, old.changed_at) != (new.size, new.changed_at)


def _change(status: str, path: str, before: int, now: int) -> FileChange:
    return FileChange(status, path, path, sizes=(before, now), whole=False)
