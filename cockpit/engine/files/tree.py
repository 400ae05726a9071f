"""Walks a tree on a VM for what is to be carried: regular files and directories, and of all else why it is not."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass

from cockpit.engine.files.local import fault_of_name
from cockpit.model.files.entries import FileKind, kind_of_mode
from cockpit.remote.errors import FileUnusable
from cockpit.remote.files.port import DirectoryEntry, FileAccess, Status

MOST_NAMES = 20_000
"""Names of one directory that are carried at most."""

MOST_FILES = 100_000
"""Files of a tree that are carried at most."""

MOST_LEVELS = 100
"""Directories within each other."""

AT_ONCE = 4
"""Directories that are listed at the same time."""

_WHY_NOT = {
    FileKind.LINK: "a symbolic link: links are not carried",
    FileKind.FIFO: "a FIFO: it is never opened",
    FileKind.SOCKET: "a socket",
    FileKind.DEVICE: "a device: it is never opened",
    FileKind.UNKNOWN: "it is of an unknown kind",
}


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file below the root of a tree."""

    names: tuple[str, ...]
    """The directories to it, from the root on, and its own name."""
    path: bytes
    """On the VM."""
    status: Status


@dataclass(frozen=True, slots=True)
class Tree:
    """What is to be carried of a tree."""

    files: tuple[TreeFile, ...]
    directories: tuple[tuple[str, ...], ...]
    """Each behind the one it is in."""

    @property
    def size(self) -> int:
        """Bytes of all files, as they were listed."""
        return sum(file.status.size for file in self.files)


async def walk(files: FileAccess, root: bytes, leave_out: Callable[[str, str], None]) -> Tree:
    """Return what is in a tree; links are not followed, so that it ends.

    Args:
        files: the way to it.
        root: a directory.
        leave_out: hears of what is not carried, and why.

    Raises:
        RemoteError: the connection gave out.
    """
    found: list[TreeFile] = []
    directories: list[tuple[str, ...]] = []
    turns = asyncio.Semaphore(AT_ONCE)

    async def look(names: tuple[str, ...]) -> list[tuple[str, ...]]:
        path = b"/".join((root.rstrip(b"/"), *map(os.fsencode, names)))
        try:
            async with turns:
                listing = await files.entries(path or b"/", MOST_NAMES)
        except FileUnusable as error:
            leave_out("/".join(names) or ".", error.message)
            return []
        if listing.total > len(listing.entries):
            leave_out("/".join(names) or ".", f"it holds {listing.total} names: the first {MOST_NAMES} are taken")
        below = []
        for entry in listing.entries:
            place = (*names, os.fsdecode(entry.name))
            if why := _fault(entry, len(place)):
                leave_out("/".join(place), why)
            elif entry.status.is_directory:
                below.append(place)
            else:
                found.append(TreeFile(place, path + b"/" + entry.name, entry.status))
        return below

    level: list[tuple[str, ...]] = [()]
    while level and len(found) < MOST_FILES:
        listed = await asyncio.gather(*map(look, level))
        level = [names for below in listed for names in below]
        directories += level
    if len(found) >= MOST_FILES:
        leave_out(".", f"the tree holds more than {MOST_FILES} files: the first ones are taken")
    return Tree(tuple(found[:MOST_FILES]), tuple(directories))


def _fault(entry: DirectoryEntry, levels: int) -> str:
    if fault := fault_of_name(os.fsdecode(entry.name)):
        return fault
    if entry.status.is_directory:
        return "its directories lie too deep within each other" if levels > MOST_LEVELS else ""
    return _WHY_NOT.get(kind_of_mode(entry.status.mode), "")
