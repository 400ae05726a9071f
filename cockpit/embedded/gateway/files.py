"""File transfer into and out of a sandbox: relative paths begin at its home, nothing outside it is served."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

import asyncssh

from cockpit.embedded.sandbox.layout import SandboxLayout

WRITE_FLAGS = {
    asyncssh.FXF_WRITE: os.O_WRONLY,
    asyncssh.FXF_READ | asyncssh.FXF_WRITE: os.O_RDWR,
}
OPTION_FLAGS = {
    asyncssh.FXF_APPEND: os.O_APPEND,
    asyncssh.FXF_CREAT: os.O_CREAT,
    asyncssh.FXF_TRUNC: os.O_TRUNC,
    asyncssh.FXF_EXCL: os.O_EXCL,
}
DEFAULT_MODE = 0o666


def open_flags(pflags: int) -> int:
    """Return the kernel's flags for those of the protocol."""
    flags = WRITE_FLAGS.get(pflags & (asyncssh.FXF_READ | asyncssh.FXF_WRITE), os.O_RDONLY)
    for bit, flag in OPTION_FLAGS.items():
        if pflags & bit:
            flags |= flag
    return flags


class SandboxFiles(asyncssh.SFTPServer):
    """Serves the files of one sandbox."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], layout: SandboxLayout) -> None:
        super().__init__(channel)
        self._home = os.fsencode(layout.home)
        self._allowed = tuple(os.path.realpath(os.fsencode(place)) for place in (layout.home, layout.temporary))

    def exit(self) -> None:
        """Tell the client how it ended: the transfer as a program was in order, as OpenSSH's own server says.

        A client that hears of no exit status, such as scp, takes a good transfer for a failed one.
        """
        with contextlib.suppress(OSError):
            self.channel.exit(0)

    def map_path(self, path: bytes) -> bytes:
        """Return the real path a client means.

        The directory part is resolved here, the last part is left as it is so that links themselves can be handled.

        Raises:
            SFTPPermissionDenied: it is outside the sandbox.
        """
        wanted = os.path.normpath(path if path.startswith(b"/") else self._home + b"/" + path)
        if wanted in (self._home, *self._allowed):
            return os.path.realpath(wanted)
        parent, name = os.path.split(wanted)
        real = os.path.realpath(parent).rstrip(b"/") + b"/" + name
        self._demand_inside(real, path)
        return real

    def reverse_map_path(self, path: bytes) -> bytes:
        """Return a path as clients see it: as it is."""
        return path

    def _demand_inside(self, real: bytes, path: bytes) -> None:
        if not any(real == allowed or real.startswith(allowed + b"/") for allowed in self._allowed):
            raise asyncssh.SFTPPermissionDenied(f"{os.fsdecode(path)} is outside the VM's home")

    def _follow(self, path: bytes) -> bytes:
        """Return the path behind links, which must not lead outside."""
        real = os.path.realpath(self.map_path(path))
        self._demand_inside(real, path)
        return real

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> IO[bytes]:
        """Open a regular file; FIFOs and devices are refused since opening them could block the whole server.

        Raises:
            SFTPPermissionDenied: it is outside the sandbox.
            SFTPFailure: it is no regular file.
        """
        flags = open_flags(pflags)
        mode = attrs.permissions & 0o7777 if attrs.permissions is not None else DEFAULT_MODE
        descriptor = os.open(self._follow(path), flags | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY, mode)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise asyncssh.SFTPFailure(f"{os.fsdecode(path)} is no regular file")
            return os.fdopen(
                descriptor, "r+b" if flags & os.O_RDWR else "wb" if flags & os.O_WRONLY else "rb", buffering=0
            )
        except BaseException:
            os.close(descriptor)
            raise

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """List a directory; the entry for its parent tells nothing of what is outside."""
        real = self._follow(path)
        own = asyncssh.SFTPAttrs.from_local(self.stat(path))
        for name in (b".", b".."):
            yield asyncssh.SFTPName(name, attrs=own)
        with os.scandir(real) as entries:
            for entry in entries:
                attributes = asyncssh.SFTPAttrs.from_local(entry.stat(follow_symlinks=False))
                yield asyncssh.SFTPName(entry.name, attrs=attributes)

    def stat(self, path: bytes) -> os.stat_result:
        """Return the attributes of what a path leads to."""
        return Path(os.fsdecode(self._follow(path))).stat()

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Change the attributes of what a path leads to."""
        super().setstat(self._follow(path), attrs)

    def realpath(self, path: bytes) -> bytes:
        """Return the real path behind a client's path."""
        return self._follow(path)
