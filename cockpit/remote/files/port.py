"""The port for files of a VM: what both ways to them, SFTP and the shell, can do. Paths are absolute, and bytes."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import Protocol

from cockpit.remote.errors import FileUnusable


@dataclass(frozen=True, slots=True)
class Status:
    """What a VM says of a path."""

    mode: int
    """Type and permissions, as stat(2) has them in `st_mode`."""
    size: int
    """Bytes."""
    modified: int
    """Unix seconds: SFTP tells no finer."""

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.mode)

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return stat.S_ISLNK(self.mode)


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One name in a directory; of a link, the link itself."""

    name: bytes
    status: Status


@dataclass(frozen=True, slots=True)
class Entries:
    """What a directory holds, up to a limit, sorted by name."""

    entries: tuple[DirectoryEntry, ...]
    total: int
    """How many names there are altogether."""


class FileSource(Protocol):
    """A regular file that is open for reading."""

    @property
    def status(self) -> Status:
        """As it was when it was opened."""

    async def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer at the end of the file alone.

        Raises:
            FileChanged: another file is under the path by now.
            RemoteError: it cannot be read, or the connection gave out.
        """

    async def close(self) -> None:
        """Give it back; never raises."""


class FileSink(Protocol):
    """A new file that grows at its end."""

    async def write(self, offset: int, data: bytes) -> None:
        """Add bytes at the end, which is at `offset`.

        Raises:
            FileChanged: its end is elsewhere: somebody else writes to it.
            RemoteError: it cannot be written, or the connection gave out.
        """

    async def close(self) -> None:
        """Give it back; never raises."""


@dataclass(frozen=True, slots=True)
class Placing:
    """A file that was carried whole, and where it goes."""

    part: bytes
    """Where it was carried to, in the directory of the target."""
    target: bytes
    digest: str
    """SHA-256 of what was carried."""
    mode: int
    """Permissions for it, where there is no file yet; one that is replaced hands on its own, and its owner."""
    expected: str | None = None
    """SHA-256 of what must be there still, empty for nothing; None replaces whatever is there."""


class FileAccess(Protocol):
    """One way to the files of a VM. No method opens what is no regular file: a FIFO or a device might never answer."""

    @property
    def way(self) -> str:
        """`SFTP`, or `shell`."""

    async def real(self, path: bytes) -> bytes:
        """Return the path with all links followed; of what does not exist, with those of its directory.

        Raises:
            FileUnusable: its directory does not exist.
        """

    async def status(self, path: bytes, *, follow: bool = True) -> Status:
        """Return what is under a path.

        Raises:
            FileUnusable: there is nothing, or it may not be looked at.
        """

    async def target(self, path: bytes) -> bytes:
        """Return where a symbolic link leads, as it says it.

        Raises:
            FileUnusable: it is no link.
        """

    async def entries(self, path: bytes, limit: int) -> Entries:
        """Return what a directory holds: `limit` names at most, and how many there are.

        Raises:
            FileUnusable: it is no directory, or may not be read.
        """

    async def open(self, path: bytes) -> FileSource:
        """Open a regular file for reading.

        Raises:
            FileUnusable: it is none, or may not be read.
        """

    async def append(self, path: bytes, offset: int) -> FileSink:
        """Open a file to be written from `offset`, where its end must be; 0 makes it, for its owner alone.

        Raises:
            FileUnusable: it cannot be made, or is no regular file.
            FileChanged: its end is elsewhere.
        """

    async def digest(self, path: bytes, length: int | None = None) -> str:
        """Return the SHA-256 of a regular file, or of its first `length` bytes, as hexadecimal digits.

        Raises:
            FileUnusable: it is none, or may not be read.
        """

    async def place(self, placing: Placing) -> None:
        """Put a file that was carried whole into its place: written to disk, then renamed, all or nothing.

        Raises:
            FileChanged: what was carried, or what is to be replaced, is not as expected; nothing was replaced.
            FileUnusable: it cannot be put there.
        """

    async def make_directory(self, path: bytes) -> None:
        """Make a directory, unless it is there.

        Raises:
            FileUnusable: it cannot be made, or something else has its name.
        """

    async def remove(self, path: bytes) -> None:
        """Delete a file, if it is there.

        Raises:
            FileUnusable: it cannot be deleted.
        """


def shown(path: bytes) -> str:
    """Return a path for a message; bytes that are no text keep their place."""
    return path.decode("utf-8", "backslashreplace")


def demand_file(path: bytes, status: Status) -> None:
    """Refuse what is no regular file before it is opened.

    Raises:
        FileUnusable: it is none.
    """
    if not status.is_file:
        raise FileUnusable(f"{shown(path)} is {kind_words(status.mode)}, no file", hint="only regular files are opened")


def kind_words(mode: int) -> str:
    """Return what a mode stands for, with its article."""
    kinds = (
        (stat.S_ISREG, "a file"),
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISBLK, "a block device"),
        (stat.S_ISCHR, "a character device"),
    )
    return next((words for test, words in kinds if test(mode)), "something unknown")
