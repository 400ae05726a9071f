"""Commands that the API runs in a sandbox: an argument list without a shell, to its end or as its output comes."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import Callable
from typing import IO

from cockpit.embedded.hosting import Execution, HostingError
from cockpit.embedded.sandbox.launch import LaunchedProcess
from cockpit.embedded.sandbox.sandbox import Sandbox

PIECE = 4096
"""Bytes of output that are handed over at once, as on the platform: a character may be cut."""

BEGIN = """
unspawned=$1 directory=$2
shift 2
trap 'printf %s "$unspawned" >&2' EXIT
if [ -n "$directory" ]; then cd -- "$directory" || exit 127; fi
exec "$@"
"""
"""Says with a word that nobody can guess that it never became the command: 127 alone may be the command's own."""
NOT_FOUND = (126, 127)


async def execute(sandbox: Sandbox, command: Execution) -> tuple[int, bytes, bytes]:
    """Run a command to its end; return its exit code (-1 for a signal), output and error output.

    Raises:
        HostingError: it could not be started, or its time was over.
    """
    unspawned = secrets.token_hex(16)
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        source.write(command.stdin)
        source.seek(0)
        process = await _launch(sandbox, command, unspawned, source, out, err)
        try:
            async with asyncio.timeout(command.timeout):
                code = await asyncio.shield(process.exited)
        except TimeoutError:
            raise HostingError(f"Command timed out after {command.timeout:.0f} seconds") from None
        finally:
            await _leave(sandbox, process)
        said = _head(err, command.limit + 1)
        _check_spawned(code, said, unspawned)
        return max(code, -1), _head(out, command.limit + 1), said


async def follow(sandbox: Sandbox, command: Execution, take: Callable[[str, bytes], None]) -> int:
    """Run a command and hand over its output piece by piece, until both streams have ended; return its exit code.

    Raises:
        HostingError: it could not be started, or its time was over; then it is ended.
    """
    unspawned = secrets.token_hex(16)
    last: list[bytes] = [b""]

    def taken(stream: str, data: bytes) -> None:
        if stream == "stderr":
            last[0] = (last[0] + data)[-PIECE:]
            if last[0].endswith(unspawned.encode()):
                return
        take(stream, data)

    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    readers = [os.fdopen(descriptor, "rb", buffering=0) for descriptor in (out_read, err_read)]
    with tempfile.TemporaryFile() as source:
        source.write(command.stdin)
        source.seek(0)
        try:
            process = await _launch(sandbox, command, unspawned, source, out_write, err_write)
        except BaseException:
            for reader in readers:
                reader.close()
            raise
        finally:
            os.close(out_write)
            os.close(err_write)
    flows = asyncio.gather(*(_carry(*pair, taken) for pair in zip(("stdout", "stderr"), readers, strict=True)))
    try:
        async with asyncio.timeout(command.timeout):
            code = await asyncio.shield(process.exited)
            await asyncio.shield(flows)
    except TimeoutError:
        raise HostingError(f"Command timed out after {command.timeout:.0f} seconds") from None
    finally:
        await _leave(sandbox, process)
        flows.cancel()
        await asyncio.gather(flows, return_exceptions=True)
    _check_spawned(code, last[0], unspawned)
    return max(code, -1)


async def _launch(
    sandbox: Sandbox,
    command: Execution,
    unspawned: str,
    source: IO[bytes],
    out: IO[bytes] | int,
    err: IO[bytes] | int,
) -> LaunchedProcess:
    begin = ["/bin/sh", "-c", BEGIN, "exec", unspawned, command.directory, *command.arguments]
    try:
        return await sandbox.launch(
            begin, extra={}, variables=command.environment, stdin=source, stdout=out, stderr=err
        )
    except (OSError, ValueError) as error:
        raise HostingError(f"Failed to spawn process: {error}") from error


async def _leave(sandbox: Sandbox, process: LaunchedProcess) -> None:
    if not process.exited.done():
        await process.hang_up(frozen=not sandbox.moving.is_set())
    sandbox.forget(process)


async def _carry(stream: str, source: IO[bytes], take: Callable[[str, bytes], None]) -> None:
    reader = asyncio.StreamReader(limit=PIECE)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), source)
    try:
        while data := await reader.read(PIECE):
            take(stream, data)
    finally:
        transport.close()


def _check_spawned(code: int, said: bytes, unspawned: str) -> None:
    if code in NOT_FOUND and said.endswith(unspawned.encode()):
        why = said.removesuffix(unspawned.encode()).decode(errors="replace").strip()
        raise HostingError(f"Failed to spawn process: {why}")


def _head(file: IO[bytes], length: int) -> bytes:
    file.seek(0)
    return file.read(length)
