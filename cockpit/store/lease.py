"""Leases: of the processes that share a store, one records an agent, or makes a call, and the others look on.

A lease is a lock on one byte of a file beside the store. The kernel gives it back when its holder ends, by whatever
means, so no lease outlives its holder and none has to be believed, renewed or cleared. The lock belongs to the open
file and not to the process: two stores in one process exclude each other as well.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import struct
from pathlib import Path

from cockpit.model.codec import safe_text
from cockpit.store.errors import StoreError

_LOCK = "hhqqi4x"
"""Linux's `struct flock`: type, whence, start, length, process; the process must be 0 for a lock of an open file."""

_TAKEN = (errno.EAGAIN, errno.EACCES)


def leases_of(path: Path) -> Path:
    """Return the file whose bytes stand for what is leased of a store."""
    return path.with_name(path.name + ".leases")


class Leases:
    """The leases one open store holds."""

    def __init__(self, descriptor: int | None = None) -> None:
        """Hold leases on the bytes of an open file; without one nobody shares the store, and every lease is granted."""
        self._descriptor = descriptor
        self._held: set[str] = set()
        self._closed = False

    @classmethod
    def open(cls, path: Path) -> Leases:
        """Return the leases of the store at a path; their file is made (mode 0600) if need be.

        Raises:
            OSError: it cannot be opened.
        """
        return cls(os.open(leases_of(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))

    def holds(self, key: str) -> bool:
        """Say whether this store holds the lease of an agent, or of what else has a name of its own."""
        return key in self._held

    def take(self, key: str) -> bool:
        """Take a lease if nobody else has it; say whether it is held now. Never waits.

        Raises:
            StoreError: the file system keeps no locks, or the store is closed.
        """
        if key not in self._held:
            if not self._lock(key, fcntl.F_WRLCK):
                return False
            self._held.add(key)
        return True

    def release(self, key: str) -> None:
        """Give a lease back, if it is held."""
        if key in self._held:
            self._held.discard(key)
            self._lock(key, fcntl.F_UNLCK)

    def close(self) -> None:
        """Give all leases back."""
        self._closed = True
        self._held.clear()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _lock(self, key: str, kind: int) -> bool:
        if self._closed:
            raise StoreError(f"the lease of {key} cannot be had: the store is closed")
        if self._descriptor is None:
            return True
        wanted = struct.pack(_LOCK, kind, os.SEEK_SET, _byte_of(key), 1, 0)
        try:
            fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, wanted)
        except OSError as error:
            if error.errno in _TAKEN:
                return False
            raise StoreError(
                f"the lease of {key} cannot be had: {error}",
                hint="keep the store on a local disk: its file system must know locks",
            ) from error
        return True


def _byte_of(key: str) -> int:
    """Return the place of a lease's byte: far enough apart that no two ever meet; nothing is written there."""
    digest = hashlib.blake2b(safe_text(key).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 2
