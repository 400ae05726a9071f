"""A connection double: a VM whose FIFO is a list of bytes, whose scripts end as a test says, and that can drop."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from cockpit.agents.scaffold.layout import ScriptExit
from cockpit.agents.scaffold.scripts import BEGIN, END
from cockpit.remote.errors import Dropped, RemoteError
from cockpit.remote.ssh.command import Completed
from cockpit.remote.ssh.endpoint import SshEndpoint

LEADING_NEWLINE = re.compile(r"^leading_newline=(\d)$", re.MULTILINE)
SIZE = re.compile(r"^size=(\d+)$", re.MULTILINE)


def answer(code: int = 0, **values: str) -> Completed:
    """Return how a script of the scaffold ends that came to its last line."""
    lines = [BEGIN, *(f"{key}={value}" for key, value in values.items()), END, ""]
    return Completed(code, "\n".join(lines).encode(), b"")


class Ran(NamedTuple):
    """A script that was run, and what it got on standard input."""

    script: str
    stdin: bytes
    timeout: float


class FakeConnection:
    """Takes what `cockpit.remote.ssh.connection.Connection` takes; `script` decides how the next scripts end."""

    def __init__(self) -> None:
        self.endpoint = SshEndpoint("127.0.0.1", 22, "root", "vm-9")
        self.closed = False
        self.close_reason: RemoteError | None = None
        self.silent = False
        self.last_byte_at = time.monotonic()
        self.ran: list[Ran] = []
        self.fifo = b""
        """Everything that was written into the agent's FIFO, as the agent reads it."""
        self.script: Callable[[Ran], Awaitable[Completed]] = self.writes
        self._ended = asyncio.Event()
        self.connect: Callable[[], Awaitable[None]] = self._connected

    async def _connected(self) -> None:
        """Be open."""

    async def run(
        self, script: str, *arguments: str, stdin: bytes = b"", timeout: float, shell: str = "sh", limit: int = 0
    ) -> Completed:
        """Run a script as the test wants it to end."""
        ran = Ran(script, stdin, timeout)
        self.ran.append(ran)
        return await self.script(ran)

    async def writes(self, ran: Ran) -> Completed:
        """Write into the FIFO what a send script would, and end well."""
        leading, size = LEADING_NEWLINE.search(ran.script), SIZE.search(ran.script)
        if leading is None or size is None:
            return answer(state="alive")  # It was a look at the process.
        data = b"\n" * int(leading[1]) + ran.stdin
        assert len(data) == int(size[1]), "the VM would take this for a dropped connection"
        self.fifo += data
        return answer(written=size[1])

    def fails(self, error: Exception, written: bytes = b"") -> None:
        """Let scripts end with an error from here on, after a part of what they write."""

        async def fail(ran: Ran) -> Completed:
            self.fifo += written
            raise error

        self.script = fail

    def ends(self, code: ScriptExit, written: bytes = b"") -> None:
        """Let scripts end with a code from here on, after a part of what they write."""

        async def end(ran: Ran) -> Completed:
            self.fifo += written
            return answer(int(code))

        self.script = end

    def drop(self, message: str = "the connection is gone") -> Dropped:
        """End the connection from outside."""
        reason = Dropped(message)
        self.closed, self.close_reason = True, reason
        self._ended.set()
        return reason

    async def wait_closed(self) -> None:
        """Return when the connection ended."""
        await self._ended.wait()

    async def close(self) -> None:
        """End the connection from here."""
        self.closed = True
        self._ended.set()
