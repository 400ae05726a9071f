"""What is under a path on a VM, what a directory holds, and what a search found. Names may hold any byte but NUL and /.

A path is text; bytes that are no UTF-8 stand in it as `os.fsdecode` puts them.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from enum import StrEnum


class FileKind(StrEnum):
    """What a path leads to."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"
    FIFO = "fifo"
    SOCKET = "socket"
    DEVICE = "device"
    UNKNOWN = "unknown"


_KINDS = {
    stat.S_IFREG: FileKind.FILE,
    stat.S_IFDIR: FileKind.DIRECTORY,
    stat.S_IFLNK: FileKind.LINK,
    stat.S_IFIFO: FileKind.FIFO,
    stat.S_IFSOCK: FileKind.SOCKET,
    stat.S_IFCHR: FileKind.DEVICE,
    stat.S_IFBLK: FileKind.DEVICE,
}


def kind_of_mode(mode: int) -> FileKind:
    """Return the kind that a `st_mode` says."""
    return _KINDS.get(stat.S_IFMT(mode), FileKind.UNKNOWN)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One name in a directory; of a link, the link itself."""

    name: str
    kind: FileKind
    size: int
    """Bytes."""
    mode: int
    """Permissions, `0o755`."""
    modified_at: float
    """Unix seconds, whole ones."""
    target: str = ""
    """Where a link leads, as it says it; empty where nobody asked."""


@dataclass(frozen=True, slots=True)
class FileListing:
    """What a directory holds."""

    path: str
    """Its real path on the VM: absolute, and without links."""
    entries: tuple[FileEntry, ...]
    """Sorted: directories first, then by name."""
    total: int
    """How many names there are; more than `entries` where it is cut."""
    file: str = ""
    """The real path of what was asked for, where that is no directory: `path` is the one it is in then."""

    @property
    def cut(self) -> str:
        """Say how much is not shown, or nothing."""
        if self.total <= len(self.entries):
            return ""
        return f"{len(self.entries)} of {self.total} names are shown: search for others by name"


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A line that a search by content found."""

    path: str
    """From the directory of the search on."""
    line: int
    """From 1."""
    text: str
    """Its beginning."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found; by name, the lines are 0 and without text."""

    base: str
    """The real path of the directory that was searched."""
    hits: tuple[FoundLine, ...]
    cut: str = ""
    """Why there may be more, or empty."""


def joined_with(before: SearchResult | None, found: SearchResult) -> SearchResult:
    """Return what was found so far, with what was found since."""
    return found if before is None else SearchResult(found.base, (*before.hits, *found.hits), found.cut)


def ended_early(found: SearchResult) -> SearchResult:
    """Return what was found of a search that was ended."""
    return SearchResult(found.base, found.hits, "the search was ended: there may be more")


def permissions(entry: FileEntry) -> str:
    """Return kind and permissions as `ls -l` writes them."""
    kinds = {
        FileKind.FILE: stat.S_IFREG,
        FileKind.DIRECTORY: stat.S_IFDIR,
        FileKind.LINK: stat.S_IFLNK,
        FileKind.FIFO: stat.S_IFIFO,
        FileKind.SOCKET: stat.S_IFSOCK,
        FileKind.DEVICE: stat.S_IFCHR,
    }
    return stat.filemode(kinds.get(entry.kind, 0) | entry.mode)


def size_words(size: float) -> str:
    """Say a number of bytes in at most eight characters: `950 B`, `12.4 kB`, `2.0 GB`."""
    if size < 1000:
        return f"{size:.0f} B"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.95:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} TB"
