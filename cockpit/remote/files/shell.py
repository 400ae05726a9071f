"""The files of a VM by its shell alone: for a server without SFTP, and for what SFTP has no word for."""

from __future__ import annotations

import asyncio
import re

from cockpit.remote.errors import FileChanged, FileUnusable
from cockpit.remote.files import scripts
from cockpit.remote.files.port import DirectoryEntry, Entries, FileSink, FileSource, Placing, Status, shown
from cockpit.remote.ssh.command import Completed
from cockpit.remote.ssh.files import ScriptRunner

LOOK_LIMIT = 30.0
"""Seconds a look at one path may take, or one piece on its way."""

HASH_LIMIT = 600.0
"""Seconds the digest of a whole file may take: about 400 MB a second pass on a small VM."""

SAID_BYTES = 16_384
"""Room for what a script answers with one path in it."""

AT_ONCE = 3
"""Scripts that run at the same time: of the channels of a connection most are left to the agent and its operator."""

NAME_BYTES = 300
"""Room for one name, which has 255 bytes at most, and for what is said of it."""

_STATUS = re.compile(rb"([0-9a-f]{1,8}) (\d{1,18}) (-?\d{1,18})\n")
_ENTRY = re.compile(rb"([0-9a-f]{1,8}) (\d{1,18}) (-?\d{1,18}) \./([^/]+)/\n")


class ShellFiles:
    """Implements `FileAccess`; each act is one script, and a file that is read is opened anew for each piece."""

    way = "shell"

    def __init__(self, connection: ScriptRunner) -> None:
        self._connection = connection
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def real(self, path: bytes) -> bytes:
        """Return the path with all links followed."""
        said = await self._run(scripts.REAL, path, what="finding")
        return said.removesuffix(b"\n")

    async def status(self, path: bytes, *, follow: bool = True) -> Status:
        """Return what is under a path."""
        said = await self._run(scripts.STATUS if follow else scripts.STATUS_OF_LINK, path, what="looking at")
        return _status(path, said, _STATUS.fullmatch(said))

    async def target(self, path: bytes) -> bytes:
        """Return where a symbolic link leads."""
        return (await self._run(scripts.TARGET, path, what="looking at")).removesuffix(b"\n")

    async def entries(self, path: bytes, limit: int) -> Entries:
        """Return what a directory holds."""
        room = limit * NAME_BYTES
        # The path that is given to find is `./`, and each name ends with a NUL.
        said = await self._run(
            scripts.ENTRIES, path, str(room), what="listing", limit=2 * room + SAID_BYTES, truncates=True
        )
        head, _, rest = said.partition(b"\n")
        found = {
            name: DirectoryEntry(name, _status(path, rest, match))
            for match in _ENTRY.finditer(rest)
            if (name := match[4])
        }
        # The count was taken first; a directory may have grown since.
        total = max(int(head) if head.isdigit() else 0, len(found))
        return Entries(tuple(sorted(found.values(), key=lambda entry: entry.name)[:limit]), total)

    async def count(self, path: bytes) -> int:
        """Return how many names a directory holds.

        Raises:
            FileUnusable: it is no directory, or may not be read.
        """
        said = (await self._run(scripts.ENTRIES, path, "0", what="listing")).strip()
        return int(said) if said.isdigit() else 0

    async def open(self, path: bytes) -> FileSource:
        """Open a regular file for reading."""
        said = await self._run(scripts.OPEN, path, what="opening")
        identity, _, rest = said.partition(b" ")
        return _ShellSource(
            self, path, identity.decode("ascii", "replace"), _status(path, rest, _STATUS.fullmatch(rest))
        )

    async def piece(self, path: bytes, identity: str, offset: int, length: int) -> bytes:
        """Return bytes of exactly the file that an identity means: its device and its inode.

        Raises:
            FileChanged: another file is there now.
            RemoteError: it cannot be read.
        """
        return await self._run(
            scripts.READ, path, identity, str(offset), str(length), what="reading", limit=length, truncates=True
        )

    async def append(self, path: bytes, offset: int) -> FileSink:
        """Open a file to be written from `offset`."""
        if offset == 0:
            await self._run(scripts.CREATE, path, what="making")
        else:
            await self.add(path, offset, b"")
        return _ShellSink(self, path)

    async def add(self, path: bytes, offset: int, data: bytes) -> None:
        """Add bytes at the end of a file, which must be at `offset`.

        Raises:
            FileChanged: it is elsewhere.
            RemoteError: it cannot be written.
        """
        await self._run(scripts.APPEND, path, str(offset), str(len(data)), what="writing", stdin=data)

    async def digest(self, path: bytes, length: int | None = None) -> str:
        """Return the SHA-256 of a regular file, or of its beginning."""
        most = "" if length is None else str(length)
        said = await self._run(scripts.DIGEST, path, most, what="hashing", timeout=HASH_LIMIT)
        word = said.split(b" ")[0].decode("ascii", "replace")
        if not re.fullmatch(r"[0-9a-f]{64}", word):
            raise FileUnusable(f"{shown(path)} cannot be hashed: the VM said {word[:40]!r}", hint="has it sha256sum?")
        return word

    async def place(self, placing: Placing) -> None:
        """Put a file that was carried whole into its place."""
        expectation = ("any", "") if placing.expected is None else ("expect", placing.expected)
        await self._run(
            scripts.PLACE,
            placing.part,
            scripts.escaped(placing.target),
            placing.digest,
            f"{placing.mode & 0o777:o}",
            *expectation,
            what="replacing",
            named=placing.target,
            timeout=HASH_LIMIT,
        )

    async def make_directory(self, path: bytes) -> None:
        """Make a directory, unless it is there."""
        await self._run(scripts.MAKE_DIRECTORY, path, what="making")

    async def remove(self, path: bytes) -> None:
        """Delete a file, if it is there."""
        await self._run(scripts.REMOVE, path, what="deleting")

    async def _run(
        self,
        script: str,
        path: bytes,
        *words: str,
        what: str,
        named: bytes = b"",
        stdin: bytes = b"",
        timeout: float = LOOK_LIMIT,
        limit: int = SAID_BYTES,
        truncates: bool = False,
    ) -> bytes:
        async with self._turns:
            done = await self._connection.run(
                script, scripts.escaped(path), *words, stdin=stdin, timeout=timeout, limit=limit
            )
        if done.exit_status == 0 and (truncates or not done.truncated):
            return done.stdout
        raise _fault(done, what, shown(named or path))


def _fault(done: Completed, what: str, path: str) -> FileUnusable | FileChanged:
    said = done.stderr.decode("utf-8", "backslashreplace").strip()[-400:]
    match done.exit_status:
        case scripts.MISSING:
            return FileUnusable(f"{what} {path}: there is no such file or directory")
        case scripts.OTHER_KIND:
            return FileUnusable(f"{what} {path}: it is of another kind than that", hint="look at it with `cockpit ls`")
        case scripts.CHANGED:
            return FileChanged(f"{what} {path}: it is not what it was")
        case _:
            reason = said or ("it said too much" if done.truncated else f"exit {done.exit_code}")
            return FileUnusable(f"{what} {path} failed: {reason}", hint="check the path and its rights")


def _status(path: bytes, said: bytes, match: re.Match[bytes] | None) -> Status:
    if match is None:
        quoted = said[:200].decode("utf-8", "backslashreplace")
        raise FileUnusable(f"looking at {shown(path)}: it cannot be read from {quoted!r}", hint="has the VM stat(1)?")
    return Status(int(match[1], 16), int(match[2]), int(match[3]))


class _ShellSource:
    """A file by its path and its identity."""

    def __init__(self, files: ShellFiles, path: bytes, identity: str, status: Status) -> None:
        self.status = status
        self._files = files
        self._path = path
        self._identity = identity

    async def read(self, offset: int, length: int) -> bytes:
        return await self._files.piece(self._path, self._identity, offset, length)

    async def close(self) -> None:
        """Nothing is held."""


class _ShellSink:
    """A file by its path; each piece is checked against the end."""

    def __init__(self, files: ShellFiles, path: bytes) -> None:
        self._files = files
        self._path = path

    async def write(self, offset: int, data: bytes) -> None:
        await self._files.add(self._path, offset, data)

    async def close(self) -> None:
        """Nothing is held."""
