"""A command that the API runs in a sandbox: an argument list without a shell, its whole output, bounded in time."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from cockpit.embedded.hosting import HostingError
from cockpit.embedded.sandbox.sandbox import Sandbox

OUTPUT_LIMIT = 10 * 1024 * 1024
"""Bytes of each stream that are answered, as on the platform."""


@dataclass(frozen=True, slots=True)
class Execution:
    """What is run."""

    command: Sequence[str]
    environment: Mapping[str, str]
    stdin: bytes
    timeout: float
    """Seconds; on the platform the command goes on beyond them, here it is ended."""


async def execute(sandbox: Sandbox, execution: Execution) -> tuple[int, bytes, bytes]:
    """Run a command to its end; return its exit code (-1 for a signal), output and error output.

    Raises:
        HostingError: it could not be started, or its time was over.
    """
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        source.write(execution.stdin)
        source.seek(0)
        try:
            process = await sandbox.launch(
                execution.command, extra={}, variables=execution.environment, stdin=source, stdout=out, stderr=err
            )
        except OSError as error:
            raise HostingError(f"Failed to spawn process: {error}") from error
        try:
            async with asyncio.timeout(execution.timeout):
                code = await asyncio.shield(process.exited)
        except TimeoutError:
            raise HostingError(f"Command timed out after {execution.timeout:.0f} seconds") from None
        finally:
            if not process.exited.done():
                await process.hang_up(frozen=not sandbox.moving.is_set())
            sandbox.forget(process)
        return max(code, -1), _head(out), _head(err)


def _head(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(OUTPUT_LIMIT)
