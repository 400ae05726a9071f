"""A process of the operator's own on this machine: begun by a shell of its own, ended with all that it started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping

from cockpit.processes import started

END_LIMIT = 1.0
"""Seconds that a process which was ended gets to be gone."""

READ_SIZE = 65_536
"""Bytes that are read at once of what it says: as many as a pipe holds."""


async def begin(command: str, variables: Mapping[str, str], *, output: int, errors: int) -> Process:
    """Begin a command by `sh -c`, in a session of its own and without input.

    Args:
        command: as config.toml has it. Nothing of an agent is ever a part of it.
        variables: what the environment has besides.
        output: where its standard output goes, as `asyncio.subprocess` has it.
        errors: where its standard error goes.

    Raises:
        OSError: it could not be started.
    """
    return await started(
        "/bin/sh",
        "-c",
        command,
        stdin=DEVNULL,
        stdout=output,
        stderr=errors,
        env={**os.environ, **variables},
        start_new_session=True,
    )


async def end(process: Process) -> None:
    """End a process with whatever it started in its session and left; what may not be ended stays, and nobody waits."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(END_LIMIT):
            await process.wait()


def why_not_begun(error: OSError) -> str:
    """Say why a command could not be started."""
    return f"it could not be started: {error.strerror or error}"


def why_ended(seconds: float) -> str:
    """Say that a command was ended here."""
    return f"it took more than {seconds:g} s and was ended"
