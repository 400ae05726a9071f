"""Files here, made for what comes from a VM: a name is data, one part of a path, and no link is ever followed.

A directory is held open, and what is made in it is made by a single name below its descriptor, so that neither a name
that a VM says nor a link that stands there leads anywhere else.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from cockpit.errors import Refused

CHUNK = 1 << 20
"""Bytes that are hashed at once."""

SYNCED_BYTES = 1 << 20
"""Bytes from which a file is on the disk before it has its name: for thousands of small ones that takes minutes, and
each can be brought again."""

KEPT_PERMISSIONS = 0o777
"""Of a mode, what a file gets here: nothing runs as somebody else because a VM says so."""

# It can only be read by being set, for the whole process: done once, before there are threads.
_MASK = os.umask(0o077)
os.umask(_MASK)


def fault_of_name(name: str) -> str:
    """Say why a name from a VM cannot be one here, or return empty text."""
    if name in ("", ".", ".."):
        return "it is no name of a file"
    if "/" in name or "\0" in name:
        return "its name holds a slash or a NUL"
    return ""


@dataclass(frozen=True, slots=True)
class LocalDigest:
    """What a file here holds."""

    digest: str
    """SHA-256."""
    size: int
    """Bytes that were hashed."""


class LocalDirectory:
    """A directory here, held open."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def opened(cls, path: Path, *, make: bool = False) -> LocalDirectory:
        """Open the directory that the operator named; links on the way to it are the operator's own.

        Raises:
            Refused: it is not there, or is no directory.
        """
        try:
            if make:
                path.mkdir(exist_ok=True)
            return cls(path, os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        except OSError as error:
            raise Refused(f"the directory {path} cannot be used: {error.strerror}", hint="name another one") from error

    def __enter__(self) -> LocalDirectory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def child(self, name: str) -> LocalDirectory:
        """Open a directory in this one, and make it if there is none.

        Raises:
            Refused: the name is none, or something else has it.
        """
        if fault := fault_of_name(name):
            raise Refused(f"{name!r} is not made here: {fault}")
        try:
            try:
                os.mkdir(name, dir_fd=self._descriptor)
            except FileExistsError:
                pass
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            return LocalDirectory(self.path / name, os.open(name, flags, dir_fd=self._descriptor))
        except OSError as error:
            raise Refused(f"{self.path / name} is no directory here: {_reason(error)}") from error

    def below(self, names: tuple[str, ...]) -> LocalDirectory:
        """Open a directory some levels below this one, and make what is missing.

        Raises:
            Refused: as `child`.
        """
        found = LocalDirectory(self.path, os.dup(self._descriptor))
        for name in names:
            with found as parent:
                found = parent.child(name)
        return found

    def status(self, name: str) -> os.stat_result | None:
        """Return what has a name in this directory, links not followed; None if nothing has."""
        try:
            return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def digest(self, name: str) -> LocalDigest:
        """Return what a regular file in this directory holds.

        Raises:
            Refused: it is none, or cannot be read.
        """
        with open_regular(self.path / name, directory=self._descriptor, name=name) as file:
            return file.digest()

    def part(self, name: str) -> LocalPart:
        """Open what was brought so far of a file; it has a name of its own until it is whole.

        Raises:
            Refused: it cannot be written.
        """
        if fault := fault_of_name(name):
            raise Refused(f"{name!r} is not made here: {fault}")
        return LocalPart(self._descriptor, self.path, name)


class LocalPart:
    """A file that is being brought: it grows at its end, and takes its name when it is whole."""

    def __init__(self, directory: int, place: Path, name: str) -> None:
        self._directory = directory
        self._place = place / name
        self._name = name
        self._part = part_name(os.fsencode(name))
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            self._descriptor = os.open(self._part, flags, 0o600, dir_fd=directory)
        except OSError as error:
            raise Refused(f"{place / self._part} cannot be written: {_reason(error)}") from error
        status = os.fstat(self._descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            os.close(self._descriptor)
            raise Refused(f"{place / self._part} is in the way", hint="remove it")
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise Refused(f"{self._place} is being brought by another transfer") from error
        self.size = status.st_size
        """Bytes that are there."""
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        """SHA-256 of what is there, as far as it was read or written here."""
        return self._hash.hexdigest()

    def read_through(self) -> None:
        """Hash what an earlier attempt brought."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        while data := os.read(self._descriptor, CHUNK):
            self._hash.update(data)

    def reset(self) -> None:
        """Begin anew."""
        os.ftruncate(self._descriptor, 0)
        self.size, self._hash = 0, hashlib.sha256()

    def append(self, data: bytes) -> None:
        """Add bytes at the end.

        Raises:
            Refused: the disk is full, or fails.
        """
        try:
            rest = memoryview(data)
            at = self.size
            while rest:
                written = os.pwrite(self._descriptor, rest, at)
                rest, at = rest[written:], at + written
        except OSError as error:
            raise Refused(f"{self._place} cannot be written: {_reason(error)}") from error
        self.size = at
        self._hash.update(data)

    def finish(self, mode: int, modified: float) -> None:
        """Put the file into its place by renaming it. A link that stands there is replaced itself.

        Raises:
            Refused: it cannot be put there.
        """
        try:
            os.fchmod(self._descriptor, mode & KEPT_PERMISSIONS & ~_MASK)
            os.utime(self._descriptor, (modified, modified))
            if self.size >= SYNCED_BYTES:
                os.fsync(self._descriptor)
            os.rename(self._part, self._name, src_dir_fd=self._directory, dst_dir_fd=self._directory)
        except OSError as error:
            raise Refused(f"{self._place} cannot be put in place: {_reason(error)}") from error

    def close(self) -> None:
        """Give it back; an empty one is taken away."""
        if self.size == 0 and os.fstat(self._descriptor).st_nlink:
            try:
                os.unlink(self._part, dir_fd=self._directory)
            except FileNotFoundError:
                pass
        os.close(self._descriptor)


class LocalFile:
    """A regular file here that is read, and nothing that could make a reader wait."""

    def __init__(self, path: Path, descriptor: int, status: os.stat_result) -> None:
        self.path = path
        self.status = status
        self._descriptor = descriptor

    def __enter__(self) -> LocalFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def digest(self, length: int | None = None) -> LocalDigest:
        """Return what the file holds, or its first `length` bytes."""
        digest, at = hashlib.sha256(), 0
        while (length is None or at < length) and (
            data := self.read(at, CHUNK if length is None else min(CHUNK, length - at))
        ):
            digest.update(data)
            at += len(data)
        return LocalDigest(digest.hexdigest(), at)

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`.

        Raises:
            Refused: it cannot be read.
        """
        try:
            return os.pread(self._descriptor, length, offset)
        except OSError as error:
            raise Refused(f"{self.path} cannot be read: {_reason(error)}") from error


def open_regular(path: Path, *, directory: int | None = None, name: str = "", follow: bool = False) -> LocalFile:
    """Open a regular file for reading.

    Args:
        path: as it is named in messages, and opened without a directory.
        directory: the descriptor of its directory, with its name there.
        follow: it may be a link.

    Raises:
        Refused: it is none, or may not be read.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path if directory is None else name, flags, dir_fd=directory)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {_reason(error)}") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise Refused(f"{path} is no file", hint="only regular files and directories are carried")
    return LocalFile(path, descriptor, status)


def part_name(*words: bytes) -> str:
    """Return the name that a file has while it is carried: the same for the same words, and never too long."""
    return f".cockpit-{hashlib.sha256(bytes(1).join(words)).hexdigest()[:20]}.part"


def _reason(error: OSError) -> str:
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return "something else has its place, and links are not followed"
    return error.strerror or str(error)
