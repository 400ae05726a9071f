"""Runs a shell script on a VM to its end: bounded in time and output, deaf to what rc files print."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cockpit.remote.errors import CommandFailed, CommandTimedOut, Dropped, RemoteError
from cockpit.remote.ssh.marker import PRELUDE, MarkedStream, new_marker
from cockpit.remote.ssh.shell import command_line

if TYPE_CHECKING:
    from cockpit.remote.ssh.process import ProcessListener, RemoteProcess

SIGNALLED = 129
"""Stands for any signal: the least code a shell uses for one."""
LONG_SCRIPT = 60_000
"""Bytes above which a script travels over standard input: Linux limits one argument to 128 KiB."""
TERM_GRACE = 0.5
"""Seconds between TERM and KILL for a command whose time is over."""
ENDING_BOUND = 5.0
"""Seconds that ending such a command may take altogether."""

_STORE = 'umask 077; file=$(mktemp) || exit 1; cat >"$file" && echo "$file"'
_RUN_STORED = 'file=$1; shift; trap \'rm -f "$file"\' EXIT; trap "exit 143" TERM INT HUP; "{shell}" "$file" "$@"'

# OpenSSH signals no session of root, so a second command does it. The marker among the arguments proves that the
# process number still means the same process; its group is signalled only if it leads one.
_END = """tr "\\000" " " <"/proc/$1/cmdline" 2>/dev/null | grep -q " $2 " || exit 0
read -r _ _ _ _ group _ <"/proc/$1/stat"
target=$1
[ "$group" != "$1" ] || target=-$1
kill -TERM "$target"
for _ in 1 2 3 4 5; do kill -0 "$target" 2>/dev/null || exit 0; sleep "$3"; done
kill -KILL "$target"
"""


class ProcessOpener(Protocol):
    """What can start a remote command; a Connection."""

    async def open_process(
        self, command: str, listener: ProcessListener, *, window: int = ..., wait: float = ...
    ) -> RemoteProcess:
        """Start a command."""

    async def room(self) -> None:
        """Wait until little waits to be sent."""

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

    @property
    def exit_code(self) -> int:
        """The exit status; a command that a signal ended counts as failed, as in a shell."""
        return SIGNALLED if self.exit_status is None else self.exit_status


class _Output(MarkedStream):
    """One output stream from its marker on, up to a limit."""

    def __init__(self, marker: str, limit: int, heard: Callable[[bytes], None] | None = None) -> None:
        super().__init__(marker)
        self._limit = limit
        self._heard = heard
        self.data = bytearray()
        self.truncated = False

    def feed(self, data: bytes) -> None:
        said = self.after_marker(data)
        room = self._limit - len(self.data)
        self.truncated = self.truncated or len(said) > room
        self.data += said[: max(0, room)]
        if said and self._heard is not None:
            self._heard(said)


class _Collector:
    """Hears a command and keeps its output."""

    def __init__(self, marker: str, limit: int, heard: Callable[[bytes], None] | None = None) -> None:
        self.stdout = _Output(marker, limit, heard)
        self.stderr = _Output(marker, limit)

    def data_received(self, data: bytes, *, stderr: bool) -> None:
        (self.stderr if stderr else self.stdout).feed(data)

    def closed(self) -> None:
        """Nothing to do: `RemoteProcess.wait` tells."""


async def run_script(
    connection: ProcessOpener,
    script: str,
    arguments: tuple[str, ...] = (),
    *,
    stdin: bytes = b"",
    timeout: float,
    shell: str = "sh",
    output_limit: int,
    heard: Callable[[bytes], None] | None = None,
) -> Completed:
    """Run a script with arguments ($1 ...) and standard input.

    Args:
        heard: takes what it says on standard output as it comes, beside what is returned.

    Raises:
        CommandTimedOut: it did not end in `timeout` seconds; its process group was ended.
        CommandFailed: the shell did not even start the script, or what is not UTF-8 was to be sent.
        Dropped, ChannelRefused: the connection gave out; whether the script ran to its end is unknown.
    """
    deadline = asyncio.get_running_loop().time() + timeout
    for text in (script, *arguments):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise CommandFailed(
                f"a command cannot be sent: {text[error.start : error.end]!r} in it is not UTF-8",
                hint="a name or a directory that somebody else wrote is not what it should be",
            ) from error
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
    return await _execute(connection, script, arguments, stdin, deadline, shell, output_limit, heard)


async def _execute(
    connection: ProcessOpener,
    script: str,
    arguments: tuple[str, ...],
    stdin: bytes,
    deadline: float,
    shell: str,
    limit: int,
    heard: Callable[[bytes], None] | None = None,
) -> Completed:
    marker = new_marker()
    collector = _Collector(marker, limit, heard)
    line = command_line(PRELUDE + script, marker, *arguments, shell=shell)
    remaining = max(0.01, deadline - asyncio.get_running_loop().time())
    process = await connection.open_process(line, collector, wait=remaining)
    try:
        async with asyncio.timeout_at(deadline):
            if stdin:
                process.write(stdin)
            process.write_eof()
            await process.wait()
    except TimeoutError as error:
        await _end(connection, process, collector.stdout.process_id, marker)
        raise CommandTimedOut(
            f"a command did not end within {_seconds(remaining)} s and was ended: {_first_line(script)}",
            hint="the VM may be overloaded, or the command waits for something",
        ) from error
    except asyncio.CancelledError:
        process.signal_group("TERM")
        raise
    finally:
        await process.close()
    if process.exit_status is None and process.signal is None:
        raise connection.close_reason or Dropped(
            f"the channel ended before its command did: {_first_line(script)}",
            hint="whether the command was carried out is unknown",
        )
    if collector.stdout.process_id is None:
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


async def _end(connection: ProcessOpener, process: RemoteProcess, process_id: int | None, marker: str) -> None:
    """End a command on the VM: by the server where it can signal, else by a second command."""
    process.signal_group("TERM")
    try:
        async with asyncio.timeout(TERM_GRACE):
            await process.wait()
            return
    except TimeoutError:
        process.signal_group("KILL")
    await process.close()
    if process_id is None or not connection.connected:
        return
    line = command_line(_END, str(process_id), marker, f"{TERM_GRACE / 5:g}")
    try:
        async with asyncio.timeout(ENDING_BOUND):
            ending = await connection.open_process(line, _Collector("-", 0), wait=ENDING_BOUND)
            try:
                await ending.wait()
            finally:
                await ending.close()
    except (TimeoutError, RemoteError):
        # The link is too sick to reach the command now; its end of input and its broken output remain.
        return


def _first_line(script: str) -> str:
    line = script.removeprefix(PRELUDE).strip().split("\n", 1)[0]
    return line if len(line) <= 80 else f"{line[:79]}…"


def _seconds(seconds: float) -> str:
    """Say a limit as it was meant, not what a millisecond of preparation left of it."""
    return f"{seconds:.2g}" if seconds < 9.5 else f"{seconds:.0f}"
