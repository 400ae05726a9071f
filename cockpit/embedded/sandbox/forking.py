"""The server's side of the process that forks the first processes of its sandboxes (`fork_server.py`)."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from cockpit.embedded.hosting import HostingError
from cockpit.embedded.sandbox import fork_server

START_TIMEOUT = 15.0
"""Seconds a first process may take to listen, on a machine that is very busy."""
END_TIMEOUT = 5.0


def refuse(connection: socket.socket) -> None:
    """Take no answer any more; a first process of which it came meanwhile ends, since nobody would know of it."""
    connection.shutdown(socket.SHUT_RDWR)
    connection.setblocking(False)
    with contextlib.suppress(OSError, ValueError):
        os.kill(int(connection.recv(4096)), signal.SIGKILL)


class Forks:
    """Starts first processes; any thread may ask."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self, path: str, walls: Mapping[str, object] | None, members: Sequence[Path] = ()) -> int:
        """Start the first process of a sandbox; return its pid. It outlives this server.

        Args:
            path: where it listens.
            walls: how its walls are built (`root`, `steps`); None for none.
            members: behind walls, the files by which its control groups are joined.

        Raises:
            HostingError: it did not start.
        """
        order = "".join(f"{word}\0" for word in ("" if walls is None else "walled", path, *members))
        built = b"" if walls is None else json.dumps(walls).encode()
        said = ""
        try:
            # Nothing is said where the one that forks was ended in the midst of it.
            said = self._ask(os.fsencode(order), built) or self._ask(os.fsencode(order), built)
            return int(said)
        except OSError as error:
            raise HostingError(f"the sandbox's first process did not start: {error}") from error
        except ValueError:
            raise HostingError(f"the sandbox's first process did not start: {said[-200:] or 'see serve.log'}") from None

    def _ask(self, order: bytes, built: bytes) -> str:
        """Return what is answered, nothing where there is no answer.

        Raises:
            OSError: the program does not run, or the answer took too long.
        """
        ours, theirs = socket.socketpair()
        with ours, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            with theirs:
                self._hand_over(order, theirs)
            ours.settimeout(START_TIMEOUT)
            if built:
                ours.sendall(built)
            ours.shutdown(socket.SHUT_WR)
            try:
                return b"".join(iter(lambda: ours.recv(4096), b"")).decode(errors="replace")
            except TimeoutError:
                refuse(ours)
                raise
        return ""

    def _hand_over(self, order: bytes, connection: socket.socket) -> None:
        """Send an order with its connection to the program, which is started if it does not run.

        Raises:
            OSError: it does not run.
        """
        with self._turn:
            control = self._control
            if control is None or self._running is None or self._running.poll() is not None:
                control = self._begin()
            try:
                socket.send_fds(control, [order], [connection.fileno()])
            except ConnectionError:  # ended a moment ago, and not known to have ended
                socket.send_fds(self._begin(), [order], [connection.fileno()])

    def _begin(self) -> socket.socket:
        """Start the program; return the way to it."""
        self._end()
        ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        program = [sys.executable, "-I", "-S", fork_server.__file__, " " * fork_server.ROOM]
        with theirs:
            # A session of its own: what a terminal says to the server is not said to it. Its errors are the server's.
            self._running = subprocess.Popen(
                program,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={"PATH": os.defpath},
                cwd="/",
                start_new_session=True,
            )
        self._control = ours
        return ours

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._running is not None:
            try:
                self._running.wait(END_TIMEOUT)
            except subprocess.TimeoutExpired:
                self._running.kill()
                self._running.wait()
        self._control = self._running = None

    def close(self) -> None:
        """End the program; the first processes that it forked stay."""
        with self._turn:
            self._end()
