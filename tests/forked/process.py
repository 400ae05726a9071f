"""A fork that is held as a program that was started is: by pid and end, with three streams given to it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.forked.client import ask


class ForkedProcess:
    """A fork that runs a program, with what tests use of `subprocess.Popen`."""

    def __init__(
        self,
        address: str,
        words: Sequence[str],
        directory: Path,
        environment: Mapping[str, str],
        streams: tuple[int, int, int],
    ) -> None:
        """Start it.

        Args:
            address: of the server.
            words: the module that is run, and its words.
            directory: where it starts.
            environment: all its variables.
            streams: the descriptors it gets.
        """
        variables = {os.fsencode(name): os.fsencode(value) for name, value in environment.items()}
        self._connection = ask(address, list(words), os.fsencode(directory), variables, list(streams))
        self._said = b""
        self._words = tuple(words)
        self.returncode: int | None = None
        while not self._said.endswith(b"\n"):
            self._said += self._connection.recv(1) or b"0\n"
        self.pid = int(self._said)
        assert self.pid > 0, "the server of forks is gone"
        self._said = b""

    def poll(self) -> int | None:
        """Return the exit code, or minus the number of the signal that ended it; None while it runs."""
        return self._look(0.0)

    def wait(self, timeout: float) -> int:
        """Return as `poll` does, once it has ended.

        Raises:
            TimeoutExpired: it did not within so many seconds.
        """
        deadline = time.monotonic() + timeout
        while (code := self._look(deadline - time.monotonic())) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(self._words, timeout)
        return code

    def kill(self) -> None:
        """End it at once, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def _look(self, seconds: float) -> int | None:
        while self.returncode is None and select.select([self._connection], [], [], max(0.0, seconds))[0]:
            self._said += self._connection.recv(64)
            assert self._said, "the server of forks is gone"
            if self._said.endswith(b"\n"):
                self.returncode = int(self._said)
                self._connection.close()
        return self.returncode
