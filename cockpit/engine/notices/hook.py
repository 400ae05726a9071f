"""Runs the operator's hook: what is told stands in its environment, and it has bounded time and output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from asyncio.subprocess import DEVNULL
from collections.abc import Mapping

from cockpit.engine.own.process import READ_SIZE, begin, end, why_ended, why_not_begun
from cockpit.model.notices.port import HookOutcome

MOST_SAID = 4_096
"""Bytes of its standard error that are read; the first line of them is told if it fails."""
MOST_LINE = 200
"""Characters of that line."""


async def run_hook(command: str, variables: Mapping[str, str], seconds: float) -> HookOutcome:
    """Run a command of the operator by `sh -c`, with variables added to the environment; it never raises for it.

    Args:
        command: as config.toml has it. Nothing of an agent is ever a part of it.
        variables: what is told.
        seconds: after which it is ended, with all that it started.
    """
    began = time.monotonic()
    with _Ear() as ear:
        try:
            process = await begin(command, variables, output=DEVNULL, errors=ear.theirs)
        except OSError as error:
            return HookOutcome(command, why_not_begun(error))
        trouble = why_ended(seconds)
        try:
            async with asyncio.timeout(seconds):
                code = await process.wait()
            trouble = _trouble(code, ear.heard())
        except TimeoutError:
            pass
        finally:
            if process.returncode is None:
                await end(process)
    return HookOutcome(command, trouble, time.monotonic() - began)


class _Ear:
    """Hears what a hook says on standard error, and drops what is too much: the hook is never held up by it.

    A pipe of the framework would have the end of the hook wait for whatever it left running on purpose, which may
    hold its standard error open for as long as it likes.
    """

    def __init__(self) -> None:
        self._mine, self.theirs = os.pipe()
        os.set_blocking(self._mine, False)
        self._said = bytearray()

    def __enter__(self) -> _Ear:
        asyncio.get_running_loop().add_reader(self._mine, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._mine)
        os.close(self._mine)
        os.close(self.theirs)

    def heard(self) -> bytes:
        """Return the beginning of all that was said."""
        self._hear()
        return bytes(self._said)

    def _hear(self) -> None:
        """Take what the pipe holds, once: whoever speaks without an end must not hold up all else here."""
        with contextlib.suppress(BlockingIOError):
            self._said += os.read(self._mine, READ_SIZE)[: MOST_SAID - len(self._said)]


def _trouble(code: int, said: bytes) -> str:
    if code == 0:
        return ""
    lines = said.decode("utf-8", "replace").split("\n")
    line = next((line.strip() for line in lines if line.strip()), "")[:MOST_LINE]
    how = f"it was ended by signal {-code}" if code < 0 else f"it ended with {code}"
    return f"{how}: {line}" if line else how
