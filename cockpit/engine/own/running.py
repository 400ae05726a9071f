"""Runs one command of the operator: by a shell of its own, with variables, a bound on its time and on its output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping

from cockpit.model.own.port import Printed

END_LIMIT = 1.0
"""Seconds that a command which was ended gets to be gone."""

READ_SIZE = 65_536


async def run_command(command: str, variables: Mapping[str, str], seconds: float, most: int) -> Printed:
    """Run a command and return what it printed on both streams; it never raises for it.

    Args:
        command: as config.toml has it. Nothing of an agent is ever a part of it.
        variables: what the environment has besides.
        seconds: after which it is ended, with all that it started.
        most: bytes of its output that are kept; the rest is read and dropped, so that it is not held up.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **variables},
            start_new_session=True,
        )
    except OSError as error:
        return Printed(trouble=f"it could not be started: {error.strerror or error}")
    assert process.stdout is not None
    kept = bytearray()
    read = 0
    trouble = ""
    try:
        async with asyncio.timeout(seconds):
            while part := await process.stdout.read(READ_SIZE):
                kept += part[: max(0, most - len(kept))]
                read += len(part)
            await process.wait()
    except TimeoutError:
        trouble = f"it took more than {seconds:g} s and was ended"
    finally:
        await _end(process)
    code = process.returncode if not trouble else None
    return Printed(kept.decode("utf-8", "replace"), code, trouble, read > len(kept))


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a command with whatever it started in its session and left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(END_LIMIT):
            await process.wait()
