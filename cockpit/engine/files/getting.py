"""Brings files and trees from a VM: resumable, checked, put in place whole, and never outside of their directory."""

from __future__ import annotations

import asyncio
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from cockpit.engine.files.course import TransferCourse, side_by_side
from cockpit.engine.files.local import LocalDirectory, LocalPart, fault_of_name
from cockpit.engine.files.reach import FileReach, Reached
from cockpit.engine.files.tree import Tree, TreeFile, walk
from cockpit.errors import Refused
from cockpit.model.files.place import name_of
from cockpit.remote.errors import FileChanged
from cockpit.remote.files.pace import Pace, pieces
from cockpit.remote.files.port import FileAccess, FileSource, Status

ATTEMPTS = 3
"""Times a file is carried from its beginning, if it changes meanwhile."""

WHOLE_BYTES = 1 << 20
"""Bytes up to which a file that came in one go is taken as it came, if size and time are the same before and after; of
a larger one, or one that came in several goes, the digest is compared."""


@dataclass(frozen=True, slots=True)
class GetPlan:
    """What is to be brought, and where to."""

    path: bytes
    """Its real path on the VM."""
    status: Status
    tree: Tree | None
    """What is in it, if it is a directory."""
    into: Path
    """The directory it goes into."""
    name: str
    """How it is called there; empty for a tree whose content goes into the directory itself."""

    @property
    def place(self) -> Path:
        """Where it goes."""
        return self.into / self.name


async def plan_get(reach: FileReach, course: TransferCourse) -> GetPlan:
    """Look at what is to be brought; the course hears how much it is, and what is left out.

    Raises:
        CockpitError: it cannot be brought.
    """
    order = course.transfer.order
    found: list[tuple[bytes, Status, Tree | None]] = []

    async def look(reached: Reached) -> None:
        path = await reached.real(order.remote)
        status = await reached.files.status(path)
        tree = await walk(reached.files, path, course.leave_out) if status.is_directory else None
        found.append((path, status, tree))

    await course.persist(reach, look)
    path, status, tree = found[-1]
    name = name_of(order.remote)
    if fault_of_name(name) or name == "~":
        name = name_of(os.fsdecode(path))
    inside = await asyncio.to_thread(order.local.is_dir)
    if tree is not None:
        course.expect(len(tree.files), tree.size)
        return GetPlan(path, status, tree, order.local, name if inside else "")
    course.expect(1, status.size)
    into, as_name = (order.local, name) if inside else (order.local.parent, order.local.name)
    if fault := fault_of_name(as_name):
        raise Refused(f"{as_name!r} cannot be its name here: {fault}", hint="name the file")
    return GetPlan(path, status, None, into, as_name)


async def get(reach: FileReach, course: TransferCourse) -> Path:
    """Carry out an order to bring a file or a tree here; return where it is.

    Raises:
        CockpitError: it cannot be brought. What was left out of a tree is said in the course.
    """
    plan = await plan_get(reach, course)
    with LocalDirectory.opened(plan.into, make=plan.tree is not None) as directory:
        if plan.tree is None:
            file = TreeFile((plan.name,), plan.path, plan.status)
            await _bring(reach, course, directory, file, course.transfer.order.remote)
        else:
            with directory.below((plan.name,) if plan.name else ()) as root:
                await _bring_tree(reach, course, root, plan.tree)
    return plan.place


async def _bring_tree(reach: FileReach, course: TransferCourse, root: LocalDirectory, tree: Tree) -> None:
    for names in tree.directories:
        try:
            (await asyncio.to_thread(root.below, names)).__exit__(None, None, None)
        except Refused as error:
            course.leave_out("/".join(names), error.message)
    waiting = iter(tree.files)

    async def some() -> None:
        for file in waiting:
            await course.try_one("/".join(file.names), _bring_from(root, file))

    async def _bring_from(root: LocalDirectory, file: TreeFile) -> None:
        with root.below(file.names[:-1]) as directory:
            await _bring(reach, course, directory, file, "/".join(file.names))

    await side_by_side(some)


async def _bring(
    reach: FileReach, course: TransferCourse, directory: LocalDirectory, file: TreeFile, shown: str
) -> None:
    """Bring one file, over as many connections as it takes."""
    await course.persist(
        reach, lambda reached: get_file(reached.files, course, directory, file.names[-1], file.path, shown)
    )


async def get_file(
    files: FileAccess, course: TransferCourse, directory: LocalDirectory, name: str, path: bytes, shown: str
) -> None:
    """Bring one file; what an earlier attempt brought is used if it is the beginning of what is there now.

    Args:
        files: the way to it.
        course: hears of it.
        directory: where it goes.
        name: what it is called there.
        path: on the VM.
        shown: how it is called in the course.

    Raises:
        CockpitError: it cannot be brought, or changes again and again.
    """
    for _ in range(ATTEMPTS):
        source = await files.open(path)
        try:
            if await _is_here(files, course, directory, name, path, source):
                course.whole(shown, source.status.size, same=True)
                return
            part = directory.part(name)
            try:
                if await _carried(files, course, source, part, path, shown):
                    await asyncio.to_thread(part.finish, source.status.mode, source.status.modified)
                    course.whole(shown, part.size)
                    return
                await asyncio.to_thread(part.reset)
            finally:
                part.close()
        except FileChanged:
            continue
        finally:
            await source.close()
    raise Refused(f"{shown} changed while it was read, {ATTEMPTS} times", hint="try again when it is at rest")


async def _is_here(
    files: FileAccess, course: TransferCourse, directory: LocalDirectory, name: str, path: bytes, source: FileSource
) -> bool:
    """Say whether the same file is here already.

    Raises:
        Refused: another one is, and may not be replaced.
    """
    here = directory.status(name)
    if here is None:
        return False
    if stat.S_ISDIR(here.st_mode):
        raise Refused(f"{directory.path / name} is a directory", hint="remove it, or name another place")
    if stat.S_ISREG(here.st_mode) and here.st_size == source.status.size:
        if int(here.st_mtime) == source.status.modified:
            return True
        if (await asyncio.to_thread(directory.digest, name)).digest == await files.digest(path):
            return True
    if not course.transfer.order.replace:
        raise Refused(f"{directory.path / name} is there already, and is not the same", hint="replace it with --force")
    return False


async def _carried(
    files: FileAccess, course: TransferCourse, source: FileSource, part: LocalPart, path: bytes, shown: str
) -> bool:
    """Bring what is missing of a file; return whether all of it is of one version."""
    size, resumed = source.status.size, part.size > 0
    if resumed:
        await asyncio.to_thread(part.read_through)
        if part.size > size or await files.digest(path, part.size) != part.digest:
            await asyncio.to_thread(part.reset)
            resumed = False
    course.begin(shown, part.size)
    async for piece in pieces(source, part.size, size, Pace()):
        await asyncio.to_thread(part.append, piece)
        course.came(shown, len(piece))
    if await files.status(path) != source.status:
        return False
    return (size <= WHOLE_BYTES and not resumed) or await files.digest(path) == part.digest
