"""A command on a VM whose output comes as it is said, whose input goes there as it is typed, and that can be signalled.

OpenSSH hands no signal to a session of root, so a second command on the same connection does it, to the process group.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.remote.errors import CommandFailed, Dropped
from cockpit.remote.ssh.command import ProcessOpener, run_script
from cockpit.remote.ssh.marker import PRELUDE, MarkedStream, new_marker
from cockpit.remote.ssh.shell import command_line

if TYPE_CHECKING:
    from cockpit.remote.ssh.process import RemoteProcess

SIGNAL_BOUND = 10.0
"""Seconds until a signal must be handed over."""

TERM_GRACE = 2.0
"""Seconds a command gets to end itself after TERM; then it is killed."""

WINDOW = 1 << 18
"""Bytes a command may be ahead of whoever takes its output."""

# The shell stays above the command: its arguments hold the marker, which proves that a process number still means it.
# What it catches is not ignored by the command, and the command's exit status is told although both were signalled.
# What it would say itself of one that a signal ended ("Killed") is no word of the command's.
_WAIT = 'trap : INT TERM HUP QUIT; { "$@" 2>&3 3>&-; } 3>&2 2>/dev/null'

_SIGNAL = """tr "\\000" " " <"/proc/$1/cmdline" 2>/dev/null | grep -q " $2 " || exit 0
read -r _ _ _ _ group _ <"/proc/$1/stat"
target=$1
[ "$group" != "$1" ] || target=-$1
kill "-$3" "$target"
"""


@dataclass(frozen=True, slots=True)
class LiveEnd:
    """How a command ended."""

    exit_status: int | None
    """None if a signal ended it."""
    signal: str | None
    """Name without SIG."""


class LiveCommand:
    """One command; its output is heard on the event loop, and whoever hears must return at once."""

    def __init__(self, connection: ProcessOpener, heard: Callable[[bytes, bool], None], summary: str) -> None:
        """Prepare; `start` begins.

        Args:
            connection: to the VM.
            heard: takes bytes, and whether they are of standard error.
            summary: the command, for messages.
        """
        self._connection = connection
        self._heard = heard
        self._summary = summary
        self._marker = new_marker()
        self._streams = {False: MarkedStream(self._marker), True: MarkedStream(self._marker)}
        self._process: RemoteProcess | None = None

    async def start(self, before: str, words: tuple[str, ...], *, wait: float) -> None:
        """Start the command.

        Args:
            before: a script in front of it; where that ends with an error the command is not started.
            words: the command and its arguments, as they are.
            wait: seconds it may take.

        Raises:
            CommandFailed: it cannot be sent.
            Dropped, ChannelRefused: the connection gives no channel.
        """
        line = command_line(f"{before}\n{PRELUDE}{_WAIT}", self._marker, *words)
        if any("\0" in word for word in words) or not _is_text(line):
            raise CommandFailed("a command cannot be sent: it is not UTF-8, or holds a NUL byte")
        self._process = await self._connection.open_process(line, self, window=WINDOW, wait=wait)

    # What the channel calls.

    def data_received(self, data: bytes, *, stderr: bool) -> None:
        """Take bytes from the channel."""
        said = self._streams[stderr].after_marker(data)
        if said:
            self._heard(said, stderr)

    def closed(self) -> None:
        """Nothing to do: `wait` tells."""

    # What is done with it.

    @property
    def _running(self) -> RemoteProcess:
        assert self._process is not None, "the command was not started"
        return self._process

    async def write(self, data: bytes) -> None:
        """Send bytes to its standard input; returns when the channel takes more, or has ended."""
        await self._connection.room()
        self._running.write(data)
        await self._running.drained()

    def write_eof(self) -> None:
        """End its standard input; its output goes on."""
        self._running.write_eof()

    def pause(self) -> None:
        """Let it wait with its output."""
        self._running.pause()

    def resume(self) -> None:
        """Take its output again."""
        self._running.resume()

    async def signal(self, name: str) -> None:
        """Send a signal (`INT`, `TERM`, `KILL`) to its process group.

        Raises:
            RemoteError: it could not be handed over.
        """
        process_id = self._streams[False].process_id
        if self._running.ended or process_id is None:
            return
        arguments = (str(process_id), self._marker, name)
        done = await run_script(self._connection, _SIGNAL, arguments, timeout=SIGNAL_BOUND, output_limit=1024)
        if done.exit_code != 0 and not self._running.ended:
            said = done.stderr.decode("utf-8", "backslashreplace").strip()
            raise CommandFailed(f"the command could not be signalled: {said or f'exit {done.exit_code}'}")

    async def end(self) -> None:
        """End it: TERM, and KILL for what does not end itself within `TERM_GRACE`."""
        try:
            await self.signal("TERM")
            async with asyncio.timeout(TERM_GRACE):
                await self._running.wait()
        except TimeoutError:
            await self.signal("KILL")

    async def wait(self) -> LiveEnd:
        """Return how it ended, once all of its output was heard.

        Raises:
            CommandFailed: it was never started.
            Dropped: its stream ended and nobody said how the command did.
        """
        process = self._running
        await process.wait()
        if self._streams[False].process_id is None and process.exit_status is not None:
            said = self._streams[True].noise() or self._streams[False].noise() or "it said nothing"
            raise CommandFailed(f"the command was not started (exit {process.exit_status}): {said}")
        if process.exit_status is None and process.signal is None:
            cause = self._connection.close_reason
            raise Dropped(
                f"the stream of {self._summary!r} ended without an exit code{f': {cause.message}' if cause else ''}",
                hint="whether the command ended is unknown: look before you run it again",
            )
        return LiveEnd(process.exit_status, process.signal)

    async def close(self) -> None:
        """Close its channel; the command sees the end of its input and a broken output."""
        await self._running.close()


def _is_text(line: str) -> bool:
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True
