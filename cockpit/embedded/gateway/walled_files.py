"""File transfer into and out of a sandbox with walls: what its own commands see, by a process that sees no more."""

from __future__ import annotations

import array
import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator
from typing import IO, Any

import asyncssh

from cockpit.embedded.gateway.files import DEFAULT_MODE, open_flags
from cockpit.embedded.sandbox.sandbox import Sandbox

ANSWER_LIMIT = 64 * 1024 * 1024
"""Bytes of an answer: the list of a directory with some hundred thousand files."""


class WalledFiles(asyncssh.SFTPServer):
    """Serves the files of one sandbox with walls."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], sandbox: Sandbox) -> None:
        super().__init__(channel)
        self._sandbox = sandbox
        self._connection: socket.socket | None = None
        self._turn = asyncio.Lock()

    def exit(self) -> None:
        """End the process behind the walls, and tell the client that it ended well, as OpenSSH's own server says."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        with contextlib.suppress(OSError):
            self.channel.exit(0)

    async def _ask(self, call: str, *arguments: object) -> tuple[Any, int]:
        """Have something done behind the walls; return what came of it, and a descriptor or -1.

        Raises:
            OSError: it cannot be done, for a reason of the file system's.
            HostingError: the sandbox does not answer.
        """
        async with self._turn:
            if self._connection is None:
                self._connection = await self._sandbox.serve_files()
            words = [os.fsdecode(word) if isinstance(word, bytes) else word for word in arguments]
            request = json.dumps({"call": call, "arguments": words}).encode() + b"\n"
            await asyncio.get_running_loop().sock_sendall(self._connection, request)
            line, descriptor = await _receive(self._connection)
        answer = json.loads(line)
        if "errno" in answer:
            raise OSError(answer["errno"], answer["text"]) if answer["errno"] else asyncssh.SFTPFailure(answer["text"])
        return answer["value"], descriptor

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> IO[bytes]:
        """Open a regular file."""
        flags = open_flags(pflags)
        mode = attrs.permissions & 0o7777 if attrs.permissions is not None else DEFAULT_MODE
        _, descriptor = await self._ask("open", path, flags, mode)
        way = "r+b" if flags & os.O_RDWR else "wb" if flags & os.O_WRONLY else "rb"
        return os.fdopen(descriptor, way, buffering=0)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """List a directory."""
        found, _ = await self._ask("list", path)
        for name, facts in found:
            yield asyncssh.SFTPName(os.fsencode(name), attrs=asyncssh.SFTPAttrs.from_local(os.stat_result(facts)))

    async def stat(self, path: bytes) -> os.stat_result:
        """Return the attributes of what a path leads to."""
        return os.stat_result((await self._ask("stat", path))[0])

    async def lstat(self, path: bytes) -> os.stat_result:
        """Return the attributes of a path itself."""
        return os.stat_result((await self._ask("lstat", path))[0])

    async def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Change the attributes of what a path leads to."""
        await self._ask("change", path, _changes(attrs, follow=True))

    async def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Change the attributes of a path itself."""
        await self._ask("change", path, _changes(attrs, follow=False))

    async def statvfs(self, path: bytes) -> os.statvfs_result:
        """Return what is free on the disk behind a path."""
        return os.statvfs_result((await self._ask("statvfs", path))[0])

    async def remove(self, path: bytes) -> None:
        """Remove a file or link."""
        await self._ask("remove", path)

    async def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Make a directory."""
        await self._ask("mkdir", path, 0o777 if attrs.permissions is None else attrs.permissions & 0o7777)

    async def rmdir(self, path: bytes) -> None:
        """Remove an empty directory."""
        await self._ask("rmdir", path)

    async def realpath(self, path: bytes) -> bytes:
        """Return the real path behind a client's path."""
        return os.fsencode((await self._ask("realpath", path))[0])

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename; what has that name already stays."""
        await self._ask("rename", oldpath, newpath)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename; what has that name already is replaced."""
        await self._ask("replace", oldpath, newpath)

    async def readlink(self, path: bytes) -> bytes:
        """Return what a link says."""
        return os.fsencode((await self._ask("readlink", path))[0])

    async def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        """Make a link."""
        await self._ask("symlink", oldpath, newpath)

    async def link(self, oldpath: bytes, newpath: bytes) -> None:
        """Give a file another name."""
        await self._ask("link", oldpath, newpath)


def _changes(attrs: asyncssh.SFTPAttrs, *, follow: bool) -> dict[str, object]:
    """Return the attributes that a client gave."""
    times = [
        None if whole is None else int(whole * 1_000_000_000) + (part or 0)
        for whole, part in ((attrs.atime, attrs.atime_ns), (attrs.mtime, attrs.mtime_ns))
    ]
    return {
        "follow": follow,
        "size": attrs.size,
        "owner": None if attrs.uid is None or attrs.gid is None else (attrs.uid, attrs.gid),
        "mode": None if attrs.permissions is None else attrs.permissions & 0o7777,
        "times": None if times == [None, None] else times,
    }


async def _receive(connection: socket.socket) -> tuple[bytes, int]:
    """Return an answer, and the descriptor that came along or -1.

    Raises:
        SFTPConnectionLost: the sandbox ended meanwhile.
    """
    held, descriptor = bytearray(), -1
    while not held.endswith(b"\n"):
        try:
            data, beside, _flags, _address = connection.recvmsg(65_536, 256, socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            await _until_readable(connection)
            continue
        for level, kind, content in beside:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                descriptor = array.array("i", content[:4])[0]
        if not data or len(held) > ANSWER_LIMIT:
            if descriptor >= 0:
                os.close(descriptor)
            raise asyncssh.SFTPConnectionLost("the VM does not answer")
        held += data
    return bytes(held), descriptor


async def _until_readable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(connection, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(connection)
