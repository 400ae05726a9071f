"""The server's side of a sandbox's first process (`init.py`): starting it, asking it for commands, ending it."""

from __future__ import annotations

import array
import asyncio
import json
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.embedded.hosting import HostingError
from cockpit.embedded.sandbox import init
from cockpit.embedded.sandbox.forking import Forks
from cockpit.embedded.sandbox.processes import read_entry, recorded_process, send_signal
from cockpit.paths import write_private

ANSWER_TIMEOUT = 15.0
"""Seconds until it must have started a command."""
END_TIMEOUT = 5.0
POLL_INTERVAL = 0.01

CREDENTIALS = struct.Struct("3i")
"""What the kernel says of whoever sent a message: the pid as it is called here, the user and the group."""


@dataclass(frozen=True, slots=True)
class Started:
    """What the first process started."""

    pid: int
    exited: asyncio.Future[int]
    """Done when it ended: the exit code, or minus the number of the signal that ended it."""
    terminal: int = -1
    """Our end of its terminal, if one was asked for."""


class _NotTaken(Exception):
    """The first process ended before it had read a request, so nothing was started."""


class Supervisor:
    """One sandbox's first process; it outlives the server, and a later server finds it again."""

    def __init__(self, record: Path, socket_path: Path, forks: Forks) -> None:
        """Prepare.

        Args:
            record: the file that holds its pid and start time.
            socket_path: where it listens; short enough for a socket.
            forks: starts it.
        """
        self._forks = forks
        self._record = record
        self._socket = socket_path
        self.walls: Callable[[], tuple[Mapping[str, object], Sequence[Path]]] | None = None
        """Tells how the walls are built, and the files by which control groups are joined; None where there are none.
        """

    @property
    def identity(self) -> tuple[int, int] | None:
        """Its pid and start time in clock ticks, if it lives."""
        entry = recorded_process(self._record)
        return None if entry is None else entry.identity

    async def ensure(self) -> None:
        """Start it if it does not live.

        Raises:
            HostingError: it did not start.
        """
        if self.identity is None or not self._socket.exists():
            await asyncio.to_thread(self._start)

    def _start(self) -> None:
        walls, members = (None, ()) if self.walls is None else self.walls()
        pid = self._forks.start(str(self._socket), walls, members)
        entry = read_entry(pid)
        if entry is None:
            raise HostingError("the sandbox's first process ended at once")
        write_private(self._record, f"{pid} {entry.start}")

    async def launch(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        streams: Sequence[int],
        size: tuple[int, int] | None = None,
    ) -> Started:
        """Start a program at the head of its own session.

        Args:
            arguments: the program's path and its arguments.
            environment: its whole environment.
            streams: descriptors for standard input, output and error.
            size: columns and rows of a terminal that it gets instead of them; behind walls only.

        Raises:
            HostingError: the first process does not answer.
            OSError: the program could not be started.
        """
        asked: dict[str, object] = {"arguments": list(arguments), "environment": dict(environment)}
        if size is not None:
            asked["terminal"] = size
        pid, terminal, rest, connection = await self._begin(asked, streams)
        reader, writer = await asyncio.open_unix_connection(sock=connection)
        exited = asyncio.get_running_loop().create_future()
        task = asyncio.get_running_loop().create_task(_wait(reader, writer, exited, rest))
        exited.add_done_callback(lambda _: task.cancel())
        return Started(pid, exited, terminal)

    async def serve_files(self) -> socket.socket:
        """Start a process behind the walls that reads and writes files for us; return the way to it.

        Raises:
            HostingError: the first process does not answer.
            OSError: it could not be started.
        """
        return (await self._begin({"files": True}, ()))[3]

    async def _begin(
        self, asked: Mapping[str, object], streams: Sequence[int]
    ) -> tuple[int, int, bytes, socket.socket]:
        """Ask for something; return its pid, our end of its terminal or -1, what it said besides, and the connection.

        Raises:
            HostingError: the first process does not answer.
            OSError: it could not be started.
        """
        await self.ensure()
        request = json.dumps(asked).encode()
        try:
            return await asyncio.to_thread(self._ask, request, streams)
        except _NotTaken:
            # Killed a moment ago: the kernel closes a process's sockets before `/proc` says that it ended.
            await asyncio.to_thread(self._start)
            try:
                return await asyncio.to_thread(self._ask, request, streams)
            except _NotTaken as error:
                raise HostingError(f"the sandbox's first process does not listen: {error}") from error

    def _ask(self, request: bytes, streams: Sequence[int]) -> tuple[int, int, bytes, socket.socket]:
        """Send a request and await the first answer.

        Raises:
            _NotTaken: nobody read it.
            HostingError: there is no answer.
            OSError: what was asked for could not be started.
        """
        connection = self._send(request, streams)
        pid, terminal, held = 0, -1, b""
        try:
            while b"\n" not in held:
                room = socket.CMSG_SPACE(CREDENTIALS.size) + socket.CMSG_SPACE(4)
                data, beside, _flags, _address = connection.recvmsg(65_536, room, socket.MSG_CMSG_CLOEXEC)
                if not data:
                    break
                held += data
                for level, kind, content in beside:
                    if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                        pid = CREDENTIALS.unpack(content)[0]
                    elif level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                        terminal = int.from_bytes(content[:4], sys.byteorder)
            line, _, rest = held.partition(b"\n")
            answer = json.loads(line or b'{"error": ""}')
            if "error" in answer:
                raise ChildProcessError(answer["error"] or "the sandbox's first process ended")
            # One of an earlier version answers for its commands, and says which it started.
            pid = int(answer.get("pid", pid))
            if pid < 1:
                # A signal to it would go to this process's own group.
                raise ValueError("it does not say which process it started")
        except BaseException as error:
            connection.close()
            if terminal >= 0:
                os.close(terminal)
            if isinstance(error, ConnectionResetError):
                # So says the kernel where the other end was closed with something in it that nobody had read
                # (net/unix/af_unix.c, unix_release_sock); an end that came later is an end of file.
                raise _NotTaken(str(error)) from error
            if isinstance(error, ChildProcessError) or not isinstance(error, OSError | ValueError):
                raise
            raise HostingError(f"the sandbox's first process does not answer: {error}") from error
        connection.setblocking(False)
        return pid, terminal, rest, connection

    def _send(self, request: bytes, streams: Sequence[int]) -> socket.socket:
        """Send a request; return the connection on which the answers come.

        Raises:
            _NotTaken: nobody listens, or whoever did is gone before all of it was sent.
            HostingError: it could not be sent.
        """
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(ANSWER_TIMEOUT)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            connection.connect(str(self._socket))
            message = len(request).to_bytes(init.LENGTH, "big") + request
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", streams))]
            sent = connection.sendmsg([message], rights if streams else [])
            if sent < len(message):
                # Never nothing: whoever has all of it may have started it, told its end and closed by now.
                connection.sendall(message[sent:])
        except ConnectionError as error:
            connection.close()
            raise _NotTaken(str(error)) from error
        except OSError as error:
            connection.close()
            raise HostingError(f"the sandbox's first process does not listen: {error}") from error
        return connection

    async def end(self) -> None:
        """End it; its commands have ended before."""
        identity = self.identity
        deadline = time.monotonic() + END_TIMEOUT
        while identity is not None and (entry := read_entry(identity[0])) is not None and entry.start == identity[1]:
            send_signal(entry, signal.SIGKILL)
            if entry.state in "ZX" or time.monotonic() > deadline:
                break
            await asyncio.sleep(POLL_INTERVAL)
        self._record.unlink(missing_ok=True)


async def _wait(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, exited: asyncio.Future[int], said: bytes
) -> None:
    """Set the exit code when it is told; a first process that is gone took its commands' ends with it.

    Args:
        reader, writer: the connection.
        exited: what is set.
        said: what came on the connection already.
    """
    code = -int(signal.SIGKILL)
    try:
        while line := said + await reader.readline():
            said = b""
            answer = json.loads(line)
            if "exit" in answer:
                code = int(answer["exit"])
                break
    except (OSError, ValueError):
        pass
    finally:
        writer.close()
    if not exited.done():
        exited.set_result(code)
