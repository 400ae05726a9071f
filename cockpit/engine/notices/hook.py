"""Runs the operator's hook: what is told stands in its environment, and it has bounded time and output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Mapping

from cockpit.model.notices.port import HookOutcome

MOST_SAID = 4_096
"""Bytes of its standard error that are read; the first line of them is told if it fails."""
MOST_LINE = 200
"""Characters of that line."""
READ_SIZE = 65_536
END_LIMIT = 1.0
"""Seconds that a hook which was ended gets to be gone."""


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
            process = await asyncio.create_subprocess_exec(
                "/bin/sh",
                "-c",
                command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=ear.theirs,
                env={**os.environ, **variables},
                start_new_session=True,
            )
        except OSError as error:
            return HookOutcome(command, f"it could not be started: {error.strerror or error}")
        trouble = f"it took more than {seconds:g} s and was ended"
        try:
            async with asyncio.timeout(seconds):
                code = await process.wait()
            trouble = _trouble(code, ear.heard())
        except TimeoutError:
            pass
        finally:
            if process.returncode is None:
                await _end(process)
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
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self._mine, READ_SIZE):
                self._said += part[: MOST_SAID - len(self._said)]


def _trouble(code: int, said: bytes) -> str:
    if code == 0:
        return ""
    lines = said.decode("utf-8", "replace").split("\n")
    line = next((line.strip() for line in lines if line.strip()), "")[:MOST_LINE]
    how = f"it was ended by signal {-code}" if code < 0 else f"it ended with {code}"
    return f"{how}: {line}" if line else how


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a hook that took too long, with whatever it started in its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(END_LIMIT):
            await process.wait()
