"""Starts a program so that who gives the start up is not held for ever."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import Process
from os import PathLike
from typing import Any


async def started(*words: str | PathLike[str], **options: Any) -> Process:
    """Start a program, as `asyncio.create_subprocess_exec` does with the same words and options.

    Who is cancelled meanwhile ends it with what it began, and goes on. CPython 3.11 and 3.12 wait then, now and then
    for ever: for an end that is told once all pipes are closed, of which some were never opened
    (`Lib/asyncio/base_subprocess.py`, `_try_finish`).

    Raises:
        OSError: it could not be started.
    """
    starting = asyncio.ensure_future(asyncio.create_subprocess_exec(*words, **options))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait([starting])  # some milliseconds: nobody cancels that
        if not starting.cancelled() and starting.exception() is None:
            process = starting.result()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if options.get("start_new_session"):
                    os.killpg(process.pid, signal.SIGKILL)
            process._transport.close()  # type: ignore[attr-defined]  # its pipes, and itself
            await process.wait()
        raise
