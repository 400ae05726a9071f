"""The files of a VM by SFTP; what the protocol has no word for, such as a digest, is done by the shell beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

import asyncssh

from cockpit.remote.errors import CommandTimedOut, Dropped, FileChanged, FileUnusable
from cockpit.remote.files.port import DirectoryEntry, Entries, FileSink, FileSource, Placing, Status, demand_file, shown
from cockpit.remote.files.shell import LOOK_LIMIT, ShellFiles

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

CLOSE_LIMIT = 5.0
"""Seconds the server gets to confirm that a file is closed."""


class SftpFiles:
    """Implements `FileAccess` over one file transfer session."""

    way = "SFTP"

    def __init__(self, connection: Connection, client: asyncssh.SFTPClient, shell: ShellFiles) -> None:
        self._connection = connection
        self._client = client
        self._shell = shell

    async def real(self, path: bytes) -> bytes:
        """Return the path with all links followed."""
        # `realpath` of servers differs where the last part does not exist; the shell's is the same everywhere.
        return await self._shell.real(path)

    async def status(self, path: bytes, *, follow: bool = True) -> Status:
        """Return what is under a path."""
        async with self.asked("looking at", path):
            return _status(await (self._client.stat(path) if follow else self._client.lstat(path)))

    async def target(self, path: bytes) -> bytes:
        """Return where a symbolic link leads."""
        async with self.asked("looking at", path):
            return _raw(await self._client.readlink(path))

    async def entries(self, path: bytes, limit: int) -> Entries:
        """Return what a directory holds; beyond the limit the rest is counted where it is, and not carried."""
        found: list[DirectoryEntry] = []
        over = False
        if not (await self.status(path)).is_directory:
            raise FileUnusable(f"{shown(path)} is no directory")
        async with self.asked("listing", path), aclosing(self._client.scandir(path)) as names:  # type: ignore[type-var]
            async for name in names:
                raw = _raw(name.filename)
                if raw in (b".", b".."):
                    continue
                if over := len(found) == limit:
                    break
                found.append(DirectoryEntry(raw, _status(name.attrs)))
        total = max(await self._shell.count(path), len(found)) if over else len(found)
        return Entries(tuple(sorted(found, key=lambda entry: entry.name)), total)

    async def open(self, path: bytes) -> FileSource:
        """Open a regular file for reading."""
        demand_file(path, await self.status(path))
        async with self.asked("opening", path):
            file = await self._client.open(path, asyncssh.FXF_READ, encoding=None)
            status = _status(await file.stat())
        source = SftpSource(self, path, file, status)
        try:
            demand_file(path, status)
        except FileUnusable:
            await source.close()
            raise
        return source

    async def append(self, path: bytes, offset: int) -> FileSink:
        """Open a file to be written from `offset`."""
        flags = asyncssh.FXF_WRITE
        if offset == 0:
            flags |= asyncssh.FXF_CREAT | asyncssh.FXF_EXCL
        else:
            known = await self.status(path, follow=False)
            demand_file(path, known)
            if known.size != offset:
                raise FileChanged(f"writing {shown(path)}: its end is at {known.size}, not at {offset}")
        async with self.asked("making", path):
            file = await self._client.open(path, flags, asyncssh.SFTPAttrs(permissions=0o600), encoding=None)
        return SftpSink(self, path, file)

    async def digest(self, path: bytes, length: int | None = None) -> str:
        """Return the SHA-256 of a regular file, or of its beginning."""
        return await self._shell.digest(path, length)

    async def place(self, placing: Placing) -> None:
        """Put a file that was carried whole into its place."""
        await self._shell.place(placing)

    async def make_directory(self, path: bytes) -> None:
        """Make a directory, unless it is there."""
        await self._shell.make_directory(path)

    async def remove(self, path: bytes) -> None:
        """Delete a file, if it is there."""
        await self._shell.remove(path)

    @asynccontextmanager
    async def asked(self, what: str, path: bytes, limit: float = LOOK_LIMIT) -> AsyncIterator[None]:
        """Ask the server something about a path, and say in our words what became of it.

        A session that does not answer in time is ended: its server may be stuck for good.

        Raises:
            FileUnusable: the server said no.
            CommandTimedOut: it did not answer.
            Dropped: the session or the connection is gone.
        """
        try:
            with self._connection.awaited():
                async with asyncio.timeout(limit):
                    yield
        except TimeoutError as error:
            self._client.exit()
            raise CommandTimedOut(f"{what} {shown(path)}: no answer within {limit:g} s", hint="try again") from error
        except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.SFTPEOFError) as error:
            raise self._connection.close_reason or Dropped(
                f"{what} {shown(path)}: the file transfer session ended", hint="it is opened again"
            ) from error
        except asyncssh.SFTPNoSuchFile as error:
            raise FileUnusable(f"{what} {shown(path)}: there is no such file or directory") from error
        except (asyncssh.Error, OSError) as error:
            if not self._connection.connected:
                raise self._connection.close_reason or Dropped(f"{what} {shown(path)}: the connection ended") from error
            raise FileUnusable(f"{what} {shown(path)} failed: {error}", hint="check the path and its rights") from error


class SftpSource:
    """An open file of the server."""

    def __init__(self, files: SftpFiles, path: bytes, file: asyncssh.SFTPClientFile, status: Status) -> None:
        self.status = status
        self._files = files
        self._path = path
        self._file = file

    async def read(self, offset: int, length: int) -> bytes:
        """Return bytes of the file."""
        async with self._files.asked("reading", self._path):
            return _raw(await self._file.read(length, offset))

    async def close(self) -> None:
        """Give the file back."""
        await _close(self._file)


class SftpSink:
    """A file of the server that grows."""

    def __init__(self, files: SftpFiles, path: bytes, file: asyncssh.SFTPClientFile) -> None:
        self._files = files
        self._path = path
        self._file = file

    async def write(self, offset: int, data: bytes) -> None:
        """Add bytes at the end."""
        async with self._files.asked("writing", self._path):
            await self._file.write(data, offset)

    async def close(self) -> None:
        """Give the file back."""
        await _close(self._file)


async def _close(file: asyncssh.SFTPClientFile) -> None:
    try:
        async with asyncio.timeout(CLOSE_LIMIT):
            await file.close()
    except (TimeoutError, asyncssh.Error, OSError):
        return  # with the session the server closes what is open


def _status(attributes: asyncssh.SFTPAttrs) -> Status:
    return Status(attributes.permissions or 0, attributes.size or 0, int(attributes.mtime or 0))


def _raw(said: bytes | str) -> bytes:
    """Return bytes as they came; without an encoding the library hands on no text."""
    return said.encode("utf-8", "surrogateescape") if isinstance(said, str) else said
