"""Takes files and trees to a VM: in pieces, resumable, checked, renamed into place whole, with their modes."""

from __future__ import annotations

import asyncio
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from cockpit.engine.files.course import TransferCourse, side_by_side
from cockpit.engine.files.getting import ATTEMPTS
from cockpit.engine.files.local import LocalDigest, LocalFile, open_regular, part_name
from cockpit.engine.files.reach import FileReach, Reached
from cockpit.errors import Refused
from cockpit.model.files.place import below, name_of
from cockpit.remote.errors import FileChanged, FileUnusable
from cockpit.remote.files.pace import Pace
from cockpit.remote.files.port import FileAccess, FileSink, Placing, Status, shown

_PIECE = 4
"""A piece is so many times smaller than one that comes: it waits in one queue with what the operator sends."""


@dataclass(frozen=True, slots=True)
class LocalTree:
    """What is to be taken from a directory here."""

    files: tuple[tuple[tuple[str, ...], int], ...]
    """The names from the root on, and bytes."""
    directories: tuple[tuple[str, ...], ...]
    left_out: tuple[tuple[str, str], ...]
    """Paths, and why they are not carried."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for _, size in self.files)


async def plan_put(reach: FileReach, course: TransferCourse) -> tuple[str, LocalTree | None]:
    """Look at what is to be taken, and where to; the course hears how much it is, and what is left out.

    Raises:
        CockpitError: it cannot be taken.
    """
    order = course.transfer.order
    tree = await asyncio.to_thread(_local_tree, order.local) if await asyncio.to_thread(order.local.is_dir) else None
    targets: list[str] = []

    async def look(reached: Reached) -> None:
        target = os.fsdecode(await reached.real(order.remote))
        there = await _status(reached.files, os.fsencode(target))
        if there is not None and there.is_directory:
            target = below(target, order.local.resolve().name)
        elif there is not None and tree is not None:
            raise Refused(f"{target} is there, and is no directory", hint="name another place")
        elif order.remote.endswith("/") and tree is None:
            raise Refused(f"there is no directory {order.remote}", hint="make it, or leave the slash away")
        targets.append(target)

    await course.persist(reach, look)
    if tree is None:
        course.expect(1, (await asyncio.to_thread(order.local.stat)).st_size)
        return targets[-1], None
    for path, why in tree.left_out:
        course.leave_out(path, why)
    course.expect(len(tree.files), tree.size)
    return targets[-1], tree


async def put(reach: FileReach, course: TransferCourse) -> str:
    """Carry out an order to take a file or a tree to a VM; return where it is there.

    Raises:
        CockpitError: it cannot be taken. What was left out of a tree is said in the course.
    """
    order = course.transfer.order
    target, tree = await plan_put(reach, course)
    if tree is None:
        await _take(reach, course, order.local, target, name_of(target), follow=True)
        return target
    directories = ((), *tree.directories)

    async def make(reached: Reached) -> None:
        for names in directories:
            await reached.files.make_directory(os.fsencode("/".join((target, *names))))

    await course.persist(reach, make)
    waiting = iter(tree.files)

    async def some() -> None:
        for names, _ in waiting:
            local, path = order.local.joinpath(*names), "/".join(names)
            await course.try_one(path, _take(reach, course, local, f"{target}/{path}", path, follow=False))

    await side_by_side(some)
    return target


async def _take(reach: FileReach, course: TransferCourse, local: Path, target: str, path: str, *, follow: bool) -> None:
    """Take one file, over as many connections as it takes."""

    async def once() -> None:
        with await asyncio.to_thread(lambda: open_regular(local, follow=follow)) as file:
            content = await asyncio.to_thread(file.digest)
            await course.persist(
                reach, lambda reached: put_file(reached.files, course, file, content, os.fsencode(target), path)
            )

    for attempt in range(ATTEMPTS):
        try:
            await once()
            return
        except FileChanged:
            if attempt == ATTEMPTS - 1:
                raise


async def put_file(
    files: FileAccess, course: TransferCourse, file: LocalFile, content: LocalDigest, target: bytes, path: str
) -> None:
    """Take one file; what an earlier attempt took is used if it is the beginning of it.

    Raises:
        FileChanged: the file here, or the one it replaces, changed meanwhile.
        CockpitError: it cannot be taken, or another one is there that may not be replaced.
    """
    there = await _status(files, target)
    replace = course.transfer.order.replace
    if there is not None:
        if there.is_directory:
            raise Refused(f"{shown(target)} is a directory", hint="remove it, or name another place")
        if there.is_file and there.size == content.size and await files.digest(target) == content.digest:
            course.whole(path, content.size, same=True)
            return
        if not replace:
            raise Refused(f"{shown(target)} is there already, and is not the same", hint="replace it with --force")
    await carry(files, course, file, content, path, target, None if replace else "")
    course.whole(path, content.size)


async def carry(
    files: FileAccess,
    course: TransferCourse,
    file: LocalFile,
    content: LocalDigest,
    path: str,
    target: bytes,
    expected: str | None,
) -> None:
    """Take a file beside its target, and put it in place.

    Args:
        files: the way there.
        course: hears of it.
        file: what is taken.
        content: what it holds.
        path: how it is called in the course.
        target: where it goes.
        expected: as `Placing.expected`.

    Raises:
        FileChanged: the file here, or the target, is not what was expected.
        CockpitError: it cannot be taken.
    """
    directory = target.rpartition(b"/")[0]
    part = directory + b"/" + os.fsencode(part_name(target, content.digest.encode()))
    sink, offset = await _begun(files, file, content, part)
    course.begin(path, offset)
    pace = Pace()
    try:
        while offset < content.size:
            piece = await asyncio.to_thread(file.read, offset, min(pace.piece // _PIECE, content.size - offset))
            if not piece:
                raise FileChanged(f"{file.path} became shorter while it was read")
            began = asyncio.get_running_loop().time()
            await sink.write(offset, piece)
            pace.took(asyncio.get_running_loop().time() - began)
            offset += len(piece)
            course.came(path, len(piece))
    finally:
        await sink.close()
    mode = stat.S_IMODE(file.status.st_mode)
    await files.place(Placing(part, target, content.digest, mode, expected))


async def _begun(files: FileAccess, file: LocalFile, content: LocalDigest, part: bytes) -> tuple[FileSink, int]:
    """Open what an earlier attempt took, or begin anew; return it and where its end is."""
    known = await _status(files, part, follow=False)
    if known is not None and known.is_file and 0 < known.size <= content.size:
        here = await asyncio.to_thread(file.digest, known.size)
        if await files.digest(part) == here.digest:
            return await files.append(part, known.size), known.size
    if known is not None:
        await files.remove(part)
    return await files.append(part, 0), 0


async def _status(files: FileAccess, path: bytes, *, follow: bool = True) -> Status | None:
    try:
        return await files.status(path, follow=follow)
    except FileUnusable:
        return None


def _local_tree(root: Path) -> LocalTree:
    """Return what is in a directory here; links are not followed."""
    files: list[tuple[tuple[str, ...], int]] = []
    directories: list[tuple[str, ...]] = []
    left_out: list[tuple[str, str]] = []
    level: list[tuple[str, ...]] = [()]
    while level:
        names = level.pop()
        try:
            entries = sorted(os.scandir(root.joinpath(*names)), key=lambda entry: entry.name)
        except OSError as error:
            left_out.append(("/".join(names) or ".", error.strerror or str(error)))
            continue
        for entry in entries:
            place = (*names, entry.name)
            if entry.is_symlink():
                left_out.append(("/".join(place), "a symbolic link: links are not carried"))
            elif entry.is_dir(follow_symlinks=False):
                directories.append(place)
                level.append(place)
            elif entry.is_file(follow_symlinks=False):
                files.append((place, entry.stat(follow_symlinks=False).st_size))
            else:
                left_out.append(("/".join(place), "it is no file"))
    return LocalTree(tuple(files), tuple(sorted(directories)), tuple(left_out))
