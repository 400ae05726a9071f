"""The server's side of a sandbox's first process (`init.py`): starting it, asking it for commands, ending it."""

from __future__ import annotations

import array
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cockpit.embedded.hosting import HostingError
from cockpit.embedded.sandbox import init
from cockpit.embedded.sandbox.processes import read_entry, send_signal
from cockpit.paths import write_private

START_TIMEOUT = 15.0
"""Seconds the first process may take to listen, on a machine that is very busy."""
ANSWER_TIMEOUT = 15.0
"""Seconds until it must have started a command."""
END_TIMEOUT = 5.0
POLL_INTERVAL = 0.01


class _NotTaken(Exception):
    """The first process ended before it had read a request, so nothing was started."""


class Supervisor:
    """One sandbox's first process; it outlives the server, and a later server finds it again."""

    def __init__(self, record: Path, socket_path: Path) -> None:
        """Prepare.

        Args:
            record: the file that holds its pid and start time.
            socket_path: where it listens; short enough for a socket.
        """
        self._record = record
        self._socket = socket_path

    @property
    def identity(self) -> tuple[int, int] | None:
        """Its pid and start time in clock ticks, if it lives."""
        try:
            pid, start = (int(word) for word in self._record.read_text(encoding="ascii").split())
        except (OSError, ValueError):
            return None
        entry = read_entry(pid)
        return (pid, start) if entry is not None and entry.start == start and entry.state not in "ZX" else None

    async def ensure(self) -> None:
        """Start it if it does not live.

        Raises:
            HostingError: it did not start.
        """
        if self.identity is None or not self._socket.exists():
            await asyncio.to_thread(self._start)

    def _start(self) -> None:
        program = [sys.executable, "-I", "-S", init.__file__, str(self._socket)]
        try:
            done = subprocess.run(
                program,
                env={"PATH": os.defpath},
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=START_TIMEOUT,
                check=True,
            )
            pid = int(done.stdout)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", b"") or b""
            raise HostingError(f"the sandbox's first process did not start: {error} {said.decode()[-200:]}") from error
        entry = read_entry(pid)
        if entry is None:
            raise HostingError("the sandbox's first process ended at once")
        write_private(self._record, f"{pid} {entry.start}")

    async def launch(
        self, arguments: Sequence[str], environment: Mapping[str, str], streams: Sequence[int]
    ) -> tuple[int, asyncio.Future[int]]:
        """Start a program at the head of its own session.

        Args:
            arguments: the program's path and its arguments.
            environment: its whole environment.
            streams: descriptors for standard input, output and error.

        Returns the pid, and a future of the exit code or minus the number of the signal that ended it.

        Raises:
            HostingError: the first process does not answer.
            OSError: the program could not be started.
        """
        await self.ensure()
        request = json.dumps({"arguments": list(arguments), "environment": dict(environment)}).encode()
        try:
            answer, reader, writer = await self._ask(request, streams)
        except _NotTaken:
            # Killed a moment ago: the kernel closes a process's sockets before `/proc` says that it ended.
            await asyncio.to_thread(self._start)
            try:
                answer, reader, writer = await self._ask(request, streams)
            except _NotTaken as error:
                raise HostingError(f"the sandbox's first process does not listen: {error}") from error
        if "pid" not in answer:
            writer.close()
            raise OSError(answer.get("error") or "the sandbox's first process ended")
        exited = asyncio.get_running_loop().create_future()
        task = asyncio.get_running_loop().create_task(_wait(reader, writer, exited))
        exited.add_done_callback(lambda _: task.cancel())
        return int(answer["pid"]), exited

    async def _ask(
        self, request: bytes, streams: Sequence[int]
    ) -> tuple[dict[str, Any], asyncio.StreamReader, asyncio.StreamWriter]:
        """Send a request; return the first answer, and the connection on which the end is told.

        Raises:
            _NotTaken: nobody read it.
            HostingError: there is no answer.
        """
        connection = await asyncio.to_thread(self._send, request, streams)
        reader, writer = await asyncio.open_unix_connection(sock=connection)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                return json.loads(await reader.readline() or b"{}"), reader, writer
        except ConnectionResetError as error:
            # So says the kernel where the other end was closed with something in it that nobody had read
            # (net/unix/af_unix.c, unix_release_sock); an end that came later is an end of file.
            writer.close()
            raise _NotTaken(str(error)) from error
        except (TimeoutError, ValueError, OSError) as error:
            writer.close()
            raise HostingError(f"the sandbox's first process does not answer: {error}") from error

    def _send(self, request: bytes, streams: Sequence[int]) -> socket.socket:
        """Send a request; return the connection on which the answers come.

        Raises:
            _NotTaken: nobody listens, or whoever did is gone before all of it was sent.
            HostingError: it could not be sent.
        """
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(ANSWER_TIMEOUT)
            connection.connect(str(self._socket))
            message = len(request).to_bytes(init.LENGTH, "big") + request
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", streams))]
            sent = connection.sendmsg([message], rights)
            if sent < len(message):
                # Never nothing: whoever has all of it may have started it, told its end and closed by now.
                connection.sendall(message[sent:])
        except ConnectionError as error:
            connection.close()
            raise _NotTaken(str(error)) from error
        except OSError as error:
            connection.close()
            raise HostingError(f"the sandbox's first process does not listen: {error}") from error
        connection.setblocking(False)
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


async def _wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, exited: asyncio.Future[int]) -> None:
    """Set the exit code when it is told; a first process that is gone took its commands' ends with it."""
    code = -int(signal.SIGKILL)
    try:
        code = int(json.loads(await reader.readline() or b"{}").get("exit", code))
    except (OSError, ValueError):
        pass
    finally:
        writer.close()
    if not exited.done():
        exited.set_result(code)
