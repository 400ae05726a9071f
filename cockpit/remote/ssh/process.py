"""One remote command on a channel: bytes come by callback, reading can be paused, the end is told once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import asyncssh

CLOSE_BOUND = 2.0
"""Seconds to wait for the server to confirm a close; then the channel is left to the connection."""


class ProcessListener(Protocol):
    """Who hears what a remote command says. Called on the event loop; must return at once."""

    def data_received(self, data: bytes, *, stderr: bool) -> None:
        """Take bytes."""

    def closed(self) -> None:
        """Learn that nothing more comes; `exit_status` and `signal` of the process are final."""


class RemoteProcess(asyncssh.SSHClientSession[bytes]):
    """A running remote command."""

    def __init__(
        self, listener: ProcessListener, changed: Callable[[RemoteProcess], None], delivered: Callable[[int], None]
    ) -> None:
        """Prepare.

        Args:
            listener: hears what the command says.
            changed: called when the process ended, and when it became patient or impatient.
            delivered: called with the number of bytes of each piece of output.
        """
        self._listener = listener
        self._changed = changed
        self._delivered = delivered
        self._low_priority = False
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None
        self._ended = asyncio.Event()
        self._takes_more = asyncio.Event()
        self._takes_more.set()
        self._output_ended = False
        self.exit_status: int | None = None
        """None while it runs, when a signal ended it, or when the connection was lost before all was said."""
        self.signal: str | None = None
        """Name without SIG, e.g. KILL."""

    # What asyncssh calls.

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._channel = chan
        if self._ended.is_set():
            chan.abort()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self._delivered(len(data))
        self._listener.data_received(data, stderr=datatype == asyncssh.EXTENDED_DATA_STDERR)

    def eof_received(self) -> bool:
        # The command's output ended; its standard input may still be open, and its exit status is to come.
        self._output_ended = True
        return True

    def pause_writing(self) -> None:
        self._takes_more.clear()

    def resume_writing(self) -> None:
        self._takes_more.set()

    def exit_status_received(self, status: int) -> None:
        self.exit_status = status

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:
        self.signal = signal

    def connection_lost(self, exc: Exception | None) -> None:
        self._takes_more.set()
        if exc is not None and not self._output_ended:
            # A server may tell the exit status before the last of the output (OpenSSH, session.c), and asyncssh holds
            # back output while a channel opens: a status without the end of the output says nothing of the output.
            self.exit_status, self.signal = None, None
        if not self._ended.is_set():
            self._ended.set()
            self._changed(self)
            self._listener.closed()

    # What we call.

    @property
    def ended(self) -> bool:
        """Nothing more comes."""
        return self._ended.is_set()

    @property
    def low_priority(self) -> bool:
        """Whether what it says may be read a moment later, together with what others say."""
        return self._low_priority

    @low_priority.setter
    def low_priority(self, low_priority: bool) -> None:
        if low_priority != self._low_priority and not self._ended.is_set():
            self._low_priority = low_priority
            self._changed(self)

    def write(self, data: bytes) -> None:
        """Send bytes to standard input; silently nothing once the channel closes, which `closed` tells."""
        if self._channel is not None and not self._channel.is_closing():
            self._channel.write(data)

    async def drained(self) -> None:
        """Return when the command's standard input takes more, or nothing any more."""
        await self._takes_more.wait()

    def resize(self, columns: int, rows: int) -> None:
        """Tell the command of its terminal's new size in cells."""
        if self._channel is not None and not self._channel.is_closing():
            self._channel.change_terminal_size(columns, rows)

    def write_eof(self) -> None:
        """End standard input."""
        if self._channel is not None and not self._channel.is_closing():
            self._channel.write_eof()

    def pause(self) -> None:
        """Stop delivery: at most one window more is held, then the remote writer blocks."""
        if self._channel is not None:
            self._channel.pause_reading()

    def resume(self) -> None:
        """Go on with delivery."""
        if self._channel is not None and not self._ended.is_set():
            self._channel.resume_reading()

    def signal_group(self, name: str) -> None:
        """Ask the server to signal the command's process group (`TERM`, `KILL`)."""
        if self._channel is not None and not self._channel.is_closing():
            self._channel.send_signal(name)

    def abandon(self) -> None:
        """Give up a start that failed or was cancelled; a channel that still opens is closed at once."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._changed(self)
        if self._channel is not None:
            self._channel.abort()

    async def wait(self) -> None:
        """Return when nothing more comes."""
        await self._ended.wait()

    async def close(self) -> None:
        """Close the channel; bounded. The remote command sees the end of its input and a broken output."""
        if self._channel is None or self._ended.is_set():
            return
        self.low_priority = False
        self._channel.abort()
        self._channel.resume_reading()
        try:
            async with asyncio.timeout(CLOSE_BOUND):
                await self._ended.wait()
        except TimeoutError:
            pass
