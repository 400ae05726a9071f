"""Runs one command of the operator: by a shell of its own, with variables, a bound on its time and on its output."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Mapping

from cockpit.engine.own.process import READ_SIZE, begin, end, why_ended, why_not_begun
from cockpit.model.own.port import Printed


async def run_command(command: str, variables: Mapping[str, str], seconds: float, most: int) -> Printed:
    """Run a command and return what it printed on both streams; it never raises for it.

    Args:
        command: as config.toml has it. Nothing of an agent is ever a part of it.
        variables: what the environment has besides.
        seconds: after which it is ended, with all that it started.
        most: bytes of its output that are kept; the rest is read and dropped, so that it is not held up.
    """
    try:
        process = await begin(command, variables, output=PIPE, errors=STDOUT)
    except OSError as error:
        return Printed(trouble=why_not_begun(error))
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
        trouble = why_ended(seconds)
    finally:
        await end(process)
    code = process.returncode if not trouble else None
    return Printed(kept.decode("utf-8", "replace"), code, trouble, read > len(kept))
