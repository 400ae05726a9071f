"""Patches of agents brought here: into a file, or into a checkout of the operator's own."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from cockpit.errors import NotFound, Refused
from cockpit.processes import started

APPLY_LIMIT = 60.0
"""Seconds that applying a patch here may take."""

SAID = 600
"""Characters of what git says that are told."""


async def write_new(path: Path, data: bytes) -> None:
    """Write a file that is not there yet: whole, or not at all.

    Raises:
        Refused: it is there, or cannot be written.
    """

    def write() -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
        except OSError:
            path.unlink(missing_ok=True)
            raise

    try:
        await asyncio.to_thread(write)
    except FileExistsError as error:
        raise Refused(f"{path} is there already: nothing was written", hint="name another file") from error
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror or error}") from error


async def apply(patch: bytes, checkout: Path, *, only_check: bool = False) -> None:
    """Apply a patch to the files of a checkout; nothing is committed, and nothing changes if a part does not fit.

    Args:
        patch: as git writes it.
        checkout: the top of it.
        only_check: say whether it would fit, and change nothing.

    Raises:
        NotFound: it is no checkout.
        Refused: it does not fit, git is not here, or it took too long; says what git said.
    """
    if not await asyncio.to_thread((checkout / ".git").exists):
        raise NotFound(f"{checkout} is not the top of a git checkout", hint="give the directory that holds .git")
    await _git(checkout, patch, "--check")
    if not only_check:
        await _git(checkout, patch)


async def _git(checkout: Path, patch: bytes, *options: str) -> None:
    try:
        process = await started(
            *("git", "apply", "--whitespace=nowarn", *options, "-"),
            cwd=checkout,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise Refused(f"git cannot be run here: {error.strerror or error}") from error
    try:
        async with asyncio.timeout(APPLY_LIMIT):
            _, said = await process.communicate(patch)
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise Refused(f"git apply in {checkout} did not end within {APPLY_LIMIT:.0f} s and was ended") from error
    if process.returncode != 0:
        words = said.decode("utf-8", "backslashreplace").strip()[:SAID] or f"exit {process.returncode}"
        raise Refused(f"the patch does not fit {checkout}, which is unchanged: {words}")
