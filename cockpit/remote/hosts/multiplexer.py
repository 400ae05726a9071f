"""Many long-lived commands of one host over one channel: sshd grants ten, and each agent has a reader."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import asyncssh

from cockpit.remote.errors import ChannelRefused, CommandFailed
from cockpit.remote.hosts.program import HEAD, program_line
from cockpit.remote.ssh.marker import new_marker
from cockpit.remote.ssh.process import ProcessListener, RemoteProcess

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)

NOISE_LIMIT = 1 << 20
"""Bytes of rc-file noise tolerated before the marker."""


class _Channel:
    """One command's part of the common channel, with what `RemoteProcess` asks of a channel."""

    def __init__(self, number: int, send: Callable[[bytes, int, bytes], None], window: int) -> None:
        self.number = number
        self.process: RemoteProcess | None = None
        self._send = send
        self._window = window
        self._owed = 0
        self._paused = False
        self._held: list[tuple[bytes, bool]] = []
        self._status: int | None = None
        self._over = False
        self.closing = False

    # What the process asks of it.

    def write(self, data: bytes) -> None:
        self._send(b"I", self.number, data)

    def write_eof(self) -> None:
        self._send(b"E", self.number, b"")

    def is_closing(self) -> bool:
        return self.closing

    def send_signal(self, name: str) -> None:
        self._send(b"S", self.number, name.encode())

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        held, self._held = self._held, []
        for at, (data, stderr) in enumerate(held):
            if self._paused:
                self._held = [*held[at:], *self._held]
                return
            self._deliver(data, stderr)
        if self._over:
            self.end(None)

    def abort(self) -> None:
        if not self.closing:
            self._send(b"K", self.number, b"")
            self.end(None)

    # What the channel brings.

    def take(self, data: bytes, stderr: bool) -> None:
        if self._paused:
            self._held.append((data, stderr))
        else:
            self._deliver(data, stderr)

    def exited(self, status: int) -> None:
        """The command ended; what is held is still delivered before that is told."""
        self._status, self._over = status, True
        if not self._paused:
            self.end(None)

    def end(self, cause: Exception | None) -> None:
        if self.closing:
            return
        self.closing = True
        assert self.process is not None
        if self._status is not None and self._status >= 0:
            self.process.exit_status_received(self._status)
        elif self._status is not None:
            self.process.exit_signal_received(str(-self._status), False, "", "")
        self.process.connection_lost(cause)

    def _deliver(self, data: bytes, stderr: bool) -> None:
        assert self.process is not None
        self.process.data_received(data, asyncssh.EXTENDED_DATA_STDERR if stderr else None)
        self._owed += len(data)
        if self._owed * 4 >= self._window and not self.closing:
            self._send(b"W", self.number, str(self._owed).encode())
            self._owed = 0


class Multiplexer:
    """The commands of one connection that share a channel."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._starting = asyncio.Lock()
        self._program: RemoteProcess | None = None
        self._ready = asyncio.Event()
        self._marker = b""
        self._inbox = bytearray()
        self._noise = bytearray()
        self._channels: dict[int, _Channel] = {}
        self._next = 0
        self.lacking = ""
        """Why the host cannot run the program; empty while it can, or was not asked."""

    async def open(self, command: str, listener: ProcessListener, *, window: int, wait: float) -> RemoteProcess:
        """Start a command given as one line for a POSIX shell.

        Raises:
            CommandFailed: the host cannot run the program.
            Dropped, ChannelRefused: the connection gives no channel.
        """
        await self._start(wait)
        self._next += 1
        channel = _Channel(self._next, self._send, window)
        process = RemoteProcess(listener, self._changed, lambda _: None)
        channel.process = process
        self._channels[channel.number] = channel
        process.connection_made(cast("asyncssh.SSHClientChannel[bytes]", channel))
        self._send(b"O", channel.number, struct.pack(">I", window) + command.encode())
        self._settle()
        return process

    async def _start(self, wait: float) -> None:
        async with self._starting:
            if self._program is not None and not self._program.ended:
                return
            if self.lacking:
                raise CommandFailed(self.lacking)
            self._ready.clear()
            self._inbox.clear()
            self._noise.clear()
            marker = new_marker()
            self._marker = marker.encode() + b"\n"
            self._program = program = await self._connection.open_process(program_line(marker), self, wait=wait)
            try:
                async with asyncio.timeout(wait):
                    await self._ready.wait()
            except TimeoutError as error:
                await program.close()
                raise ChannelRefused(f"{self._connection.endpoint}: its reader did not start in {wait:g} s") from error
            if program.ended:
                said = bytes(self._noise[-200:]).decode("utf-8", "backslashreplace").strip()
                if self._connection.connected:
                    self.lacking = f"python3 does not run on {self._connection.endpoint}: {said or 'it said nothing'}"
                raise CommandFailed(self.lacking or f"{self._connection.endpoint} ended the reader: {said}")

    def _send(self, letter: bytes, number: int, data: bytes) -> None:
        if self._program is not None:
            self._program.write(HEAD.pack(letter, number, len(data)) + data)

    def _changed(self, process: RemoteProcess) -> None:
        if process.ended:
            self._channels = {number: one for number, one in self._channels.items() if one.process is not process}
        self._settle()

    def _settle(self) -> None:
        """Read at once while somebody waits for one of the commands, else in rounds."""
        if self._program is not None:
            patient = (one.process is not None and one.process.low_priority for one in self._channels.values())
            self._program.low_priority = all(patient)

    # What the program's channel calls.

    def data_received(self, data: bytes, *, stderr: bool) -> None:
        """Take bytes from the channel."""
        if stderr or not self._ready.is_set():
            self._noise += data
            del self._noise[: max(0, len(self._noise) - NOISE_LIMIT)]
            at = -1 if stderr else self._noise.find(self._marker)
            if at < 0:
                return
            data = bytes(self._noise[at + len(self._marker) :])
            self._noise.clear()
            self._ready.set()
        self._inbox += data
        while len(self._inbox) >= HEAD.size:
            letter, number, length = HEAD.unpack_from(self._inbox)
            if len(self._inbox) < HEAD.size + length:
                return
            said = bytes(self._inbox[HEAD.size : HEAD.size + length])
            del self._inbox[: HEAD.size + length]
            self._take(letter, number, said)

    def _take(self, letter: bytes, number: int, said: bytes) -> None:
        channel = self._channels.get(number)
        if channel is None:
            return  # It was closed meanwhile.
        if letter == b"X":
            channel.exited(int(said))
        else:
            channel.take(said, letter == b"R")

    def closed(self) -> None:
        """Learn that the program ended: all its commands did."""
        self._ready.set()
        channels, self._channels = self._channels, {}
        for channel in channels.values():
            channel.end(None)
