"""Commands whose output is streamed: each goes on without a listener, and keeps its output for those that come back."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from cockpit.embedded.api.exchange import json_line
from cockpit.embedded.hosting import Execution, Hosting, HostingError

log = logging.getLogger(__name__)

RETAINED = 8 * 1024 * 1024
"""Bytes of output that one command keeps."""
RETAINED_BY_ALL = 64 * 1024 * 1024
"""Bytes of output that finished commands keep together; the oldest go first."""
KEPT_FOR = 300.0
"""Seconds that a finished command can be listened to."""
UNLOGGED = 256 * 1024
"""Bytes that may wait to be written into a VM's log."""


@dataclass(frozen=True, slots=True)
class _Event:
    cursor: int
    stream: str
    """Empty for the end."""
    data: bytes
    exit_code: int = 0


class StreamedCommand:
    """One command."""

    def __init__(self, vm_id: str, exec_id: str) -> None:
        self.vm_id = vm_id
        self.exec_id = exec_id
        self.events: deque[_Event] = deque()
        self.retained = 0
        self.cursor = 0
        """Of the newest event; the first has 1."""
        self.ended_at: float | None = None
        """By the monotonic clock."""
        self.unlogged: list[tuple[str, bytes]] = []
        self.unlogged_bytes = 0
        self.logging = asyncio.Lock()
        """Held by whoever writes what is not in the VM's log yet."""
        self._changed = asyncio.Event()

    def add(self, stream: str, data: bytes, exit_code: int = 0) -> None:
        """Take an event, and drop the oldest ones beyond what is kept."""
        self.cursor += 1
        self.events.append(_Event(self.cursor, stream, data, exit_code))
        self.retained += len(data)
        while self.retained > RETAINED and len(self.events) > 1:
            self.retained -= len(self.events.popleft().data)
        self._wake()

    def end(self) -> None:
        """There is no more to come."""
        self.ended_at = time.monotonic()
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def lines(self, cursor: int | None) -> AsyncIterator[bytes]:
        """Yield the events after a cursor as lines, all that are kept without one, until the command has ended.

        A cursor that is older than what is kept ends it at once, and so does falling behind by more than that.
        """
        behind = cursor if cursor is not None else (self.events[0].cursor - 1 if self.events else 0)
        while True:
            changed, over = self._changed, self.ended_at is not None
            waiting = [event for event in self.events if event.cursor > behind]
            if behind < self.cursor and (not waiting or waiting[0].cursor != behind + 1):
                return
            for event in waiting:
                behind = event.cursor
                yield self._line(event)
            if over:
                return
            if self.cursor == behind:
                await changed.wait()

    def _line(self, event: _Event) -> bytes:
        if not event.stream:
            return _ndjson(
                {"type": "exit", "exec_id": self.exec_id, "cursor": event.cursor, "exit_code": event.exit_code}
            )
        encoded = base64.b64encode(event.data).decode("ascii")
        chunk = {"type": "chunk", "exec_id": self.exec_id, "cursor": event.cursor}
        return _ndjson({**chunk, "stream": event.stream, "data_b64": encoded})


def _ndjson(event: dict[str, object]) -> bytes:
    return json_line(event) + b"\n"


class StreamedCommands:
    """The streamed commands of a fleet."""

    def __init__(self, hosting: Hosting) -> None:
        self._hosting = hosting
        self._sessions: dict[tuple[str, str], StreamedCommand] = {}
        self._running: dict[StreamedCommand, asyncio.Task[None]] = {}

    def find(self, vm_id: str, exec_id: str) -> StreamedCommand | None:
        """Return a command that runs, or ended a short while ago."""
        self._forget()
        return self._sessions.get((vm_id, exec_id))

    def start(self, vm_id: str, exec_id: str, command: Execution) -> StreamedCommand | None:
        """Start a command, which goes on whoever listens; None if that id is another's."""
        if self.find(vm_id, exec_id) is not None:
            return None
        session = self._sessions[vm_id, exec_id] = StreamedCommand(vm_id, exec_id)
        task = asyncio.create_task(self._run(session, command), name=f"streamed command in VM {vm_id}")
        self._running[session] = task
        task.add_done_callback(lambda _: self._running.pop(session, None))
        return session

    async def _run(self, session: StreamedCommand, command: Execution) -> None:
        def take(stream: str, data: bytes) -> None:
            session.add(stream, data)
            session.unlogged.append((stream, data))
            session.unlogged_bytes += len(data)
            if session.unlogged_bytes > UNLOGGED:
                logging_now = asyncio.ensure_future(self._log(session))
                writing.add(logging_now)
                logging_now.add_done_callback(writing.discard)

        writing: set[asyncio.Future[None]] = set()
        try:
            code = await self._hosting.follow(session.vm_id, command, take)
            session.add("", b"", code)
        except HostingError as error:
            # As on the platform: its stream ends without an `exit`.
            log.info("a streamed command in VM %s came to no end of its own: %s", session.vm_id, error)
        finally:
            session.end()
            await asyncio.gather(*writing, return_exceptions=True)
            await self._log(session)

    async def write_logs(self, vm_id: str) -> None:
        """Write what the commands of a VM have said so far into its log."""
        for session in [session for session in self._sessions.values() if session.vm_id == vm_id]:
            await self._log(session)

    async def _log(self, session: StreamedCommand) -> None:
        async with session.logging:  # what another is about to write is there when this returns
            written, session.unlogged, session.unlogged_bytes = session.unlogged, [], 0
            if not written:
                return
            try:
                await self._hosting.note(session.vm_id, session.exec_id, written)
            except HostingError as error:
                log.info("the output of a command was not logged: %s", error)

    def _forget(self) -> None:
        """Drop those that ended long ago, and the oldest of the others where they keep too much."""
        now = time.monotonic()
        ended = [(session.ended_at, key) for key, session in self._sessions.items() if session.ended_at is not None]
        kept = sum(session.retained for session in self._sessions.values() if session.ended_at is not None)
        for moment, key in sorted(ended):
            if now - moment < KEPT_FOR and kept <= RETAINED_BY_ALL:
                break
            kept -= self._sessions.pop(key).retained

    def end_all(self) -> None:
        """End every command: the server stops."""
        for task in list(self._running.values()):
            task.cancel()

    async def close(self) -> None:
        """Wait until all have ended."""
        self.end_all()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
