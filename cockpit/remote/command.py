"""Runs a shell script on a VM to its end: bounded in time and output, deaf to what rc files print."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Protocol

from cockpit.remote.errors import CommandFailed, CommandTimedOut, Dropped, RemoteError
from cockpit.remote.process import Process, ProcessListener
from cockpit.remote.shell import command_line

LONG_SCRIPT = 60_000
"""Bytes above which a script travels over standard input: Linux limits one argument to 128 KiB."""
NOISE_LIMIT = 1 << 20
"""Bytes of rc-file noise tolerated before the marker."""
TERM_GRACE = 1.0
"""Seconds between TERM and KILL for a command whose time is over."""

_PRELUDE = 'echo "$1"; echo "$1" >&2; shift; '
_STORE = 'umask 077; file=$(mktemp) || exit 1; cat >"$file" && echo "$file"'
_RUN_STORED = (
    'file=$1; shift; trap \'rm -f "$file"\' EXIT; trap "exit 143" TERM INT HUP; "{shell}" "$file" "$@"'
)


class ProcessOpener(Protocol):
    """What can start a remote command; a Connection."""

    async def open_process(
        self, command: str, listener: ProcessListener, *, window: int = ..., wait: float = ...
    ) -> Process:
        """Start a command."""

    @property
    def connected(self) -> bool:
        """Whether the connection lives."""

    @property
    def close_reason(self) -> RemoteError | None:
        """Why it does not."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A remote command that ended."""

    exit_status: int | None
    """None when a signal ended it."""
    stdout: bytes
    stderr: bytes
    signal: str | None = None
    truncated: bool = False
    """More was said than the limit; the rest was read and thrown away."""


class _Output:
    """One output stream from its marker on, up to a limit."""

    def __init__(self, marker: bytes, limit: int) -> None:
        self._marker = marker + b"\n"
        self._limit = limit
        self._noise = bytearray()
        self.started = False
        self.data = bytearray()
        self.truncated = False

    def feed(self, data: bytes) -> None:
        if not self.started:
            self._noise += data
            at = self._noise.find(self._marker)
            if at < 0:
                del self._noise[: max(0, len(self._noise) - NOISE_LIMIT)]
                return
            self.started = True
            data = bytes(self._noise[at + len(self._marker) :])
            self._noise.clear()
        room = self._limit - len(self.data)
        self.truncated = self.truncated or len(data) > room
        self.data += data[: max(0, room)]

    def noise(self) -> str:
        return self._noise[-400:].decode("utf-8", "backslashreplace").strip()


class _Collector:
    """Hears a command and keeps its output."""

    def __init__(self, marker: bytes, limit: int) -> None:
        self.stdout = _Output(marker, limit)
        self.stderr = _Output(marker, limit)

    def data_received(self, data: bytes, *, stderr: bool) -> None:
        (self.stderr if stderr else self.stdout).feed(data)

    def closed(self) -> None:
        """Nothing to do: `Process.wait` tells."""


async def run_script(
    connection: ProcessOpener,
    script: str,
    arguments: tuple[str, ...] = (),
    *,
    stdin: bytes = b"",
    timeout: float,
    shell: str = "sh",
    output_limit: int,
) -> Completed:
    """Run a script with arguments ($1 ...) and standard input.

    Raises:
        CommandTimedOut: it did not end in `timeout` seconds; its process group was ended.
        CommandFailed: the shell did not even start the script.
        Dropped, ChannelRefused: the connection gave out; whether the script ran to its end is unknown.
    """
    deadline = asyncio.get_running_loop().time() + timeout
    if len(script.encode()) > LONG_SCRIPT:
        stored = await _execute(connection, _STORE, (), script.encode(), deadline, "sh", 4096)
        if stored.exit_status != 0 or not stored.stdout:
            raise CommandFailed(
                f"a script of {len(script)} characters cannot be stored on the VM: "
                f"{stored.stderr.decode('utf-8', 'backslashreplace').strip() or 'no answer'}",
                hint="is its temporary directory full or read-only?",
            )
        path = stored.stdout.decode().strip()
        script, arguments = _RUN_STORED.replace("{shell}", shell), (path, *arguments)
        shell = "sh"
    return await _execute(connection, script, arguments, stdin, deadline, shell, output_limit)


async def _execute(
    connection: ProcessOpener,
    script: str,
    arguments: tuple[str, ...],
    stdin: bytes,
    deadline: float,
    shell: str,
    limit: int,
) -> Completed:
    marker = f"cockpit-{secrets.token_hex(12)}"
    collector = _Collector(marker.encode(), limit)
    line = command_line(_PRELUDE + script, marker, *arguments, shell=shell)
    remaining = max(0.01, deadline - asyncio.get_running_loop().time())
    process = await connection.open_process(line, collector, wait=remaining)
    try:
        async with asyncio.timeout_at(deadline):
            if stdin:
                process.write(stdin)
            process.write_eof()
            await process.wait()
    except TimeoutError as error:
        await _end(process)
        raise CommandTimedOut(
            f"a command did not end within {remaining:.3g} s and was ended: {_first_line(script)}",
            hint="the VM may be overloaded, or the command waits for something",
        ) from error
    finally:
        await process.close()
    if process.exit_status is None and process.signal is None:
        raise connection.close_reason or Dropped(
            f"the channel ended before its command did: {_first_line(script)}",
            hint="whether the command was carried out is unknown",
        )
    if not collector.stdout.started:
        raise CommandFailed(
            f"the login shell did not start the script (exit {process.exit_status}): "
            f"{collector.stderr.noise() or collector.stdout.noise() or 'it said nothing'}",
            hint=f"is {shell} installed, and may this user run commands?",
        )
    return Completed(
        process.exit_status,
        bytes(collector.stdout.data),
        bytes(collector.stderr.data),
        process.signal,
        collector.stdout.truncated or collector.stderr.truncated,
    )


async def _end(process: Process) -> None:
    process.signal_group("TERM")
    try:
        async with asyncio.timeout(TERM_GRACE):
            await process.wait()
    except TimeoutError:
        process.signal_group("KILL")
        await process.close()


def _first_line(script: str) -> str:
    line = script.removeprefix(_PRELUDE).strip().split("\n", 1)[0]
    return line if len(line) <= 80 else f"{line[:79]}…"
