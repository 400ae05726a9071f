"""Copying a sandbox's files, sharing blocks where the file system can, and leaving out what was only alive there."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import stat
from pathlib import Path

from cockpit.embedded.hosting import HostingError
from cockpit.processes import started

COPY_TIMEOUT = 600.0
"""Seconds after which a copy is given up."""
ERROR_TAIL = 500
"""Bytes of the copying program's complaint that are passed on."""

REMOVALS = 100
"""Times that a directory is emptied which is filled meanwhile: what is filled by name is no more once it is gone."""

DEAD_SUFFIXES = (".pid", ".sock")
"""Names below TMPDIR that speak of processes: in a copy they would point at the original's processes."""


async def copy_tree(source: Path, target: Path) -> None:
    """Copy a directory into a new one, with owners, times, links and attributes.

    Raises:
        HostingError: the copy failed or took longer than `COPY_TIMEOUT`; the target may be half made.
    """
    process = await started(
        "cp",
        "--reflink=auto",
        "-a",
        "--",
        str(source),
        str(target),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C"},
    )
    try:
        async with asyncio.timeout(COPY_TIMEOUT):
            _, complaint = await process.communicate()
    except TimeoutError:
        raise HostingError(f"copying {source} took longer than {COPY_TIMEOUT:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        said = complaint[-ERROR_TAIL:].decode(errors="replace").strip()
        raise HostingError(f"copying {source} to {target} failed: {said}", hint="is the disk full?")


def clear_leftovers(copy: Path) -> None:
    """Take out of a copy what pretends that a process lives: FIFOs and sockets, and pid files below TMPDIR."""
    for top in copy.iterdir():
        for directory, _names, files in os.walk(top):
            for name in files:
                path = Path(directory) / name
                mode = path.lstat().st_mode
                speaks_of_process = top.name == "tmp" and stat.S_ISREG(mode) and name.endswith(DEAD_SUFFIXES)
                if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or speaks_of_process:
                    path.unlink()


def bytes_on_disk(top: Path) -> int:
    """Return the bytes the files below a directory take, each counted once; what vanishes meanwhile counts nothing."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for directory, _names, files in os.walk(top):
        for name in files:
            try:
                status = (Path(directory) / name).lstat()
            except FileNotFoundError:
                continue
            if (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                total += status.st_blocks * 512
    return total


async def remove_tree(directory: Path) -> None:
    """Remove a directory and all in it, read-only directories included; a missing one is no error.

    Raises:
        HostingError: something in it cannot be removed.
    """
    try:
        await asyncio.to_thread(remove_now, directory)
    except OSError as error:
        raise HostingError(f"{directory} cannot be removed: {error}") from error


def remove_now(directory: Path) -> None:
    """Remove a directory and all in it, read-only directories included; a missing one is no error.

    It may be filled meanwhile: a copy that a server began goes on for a while when that server was killed.

    Raises:
        OSError: something in it cannot be removed.
    """
    for left in reversed(range(REMOVALS)):
        if not directory.is_dir():
            return
        # A language's module cache is often read-only, and an overlay's own directory may not even be entered: their
        # owner must be allowed to before they can be emptied, and that before they are listed.
        _open_up(directory)
        for place, names, _files in os.walk(directory):
            for name in names:
                _open_up(Path(place) / name)
        try:
            shutil.rmtree(directory)
        except OSError as error:
            if not left or error.errno != errno.ENOTEMPTY:
                raise


def _open_up(directory: Path) -> None:
    mode = directory.lstat().st_mode
    if stat.S_ISDIR(mode) and stat.S_IMODE(mode) & 0o700 != 0o700:
        directory.chmod(stat.S_IMODE(mode) | 0o700)
