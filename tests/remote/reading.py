"""A reader of a Tail as a consumer would write one: it keeps what was delivered, epoch by epoch."""

from __future__ import annotations

import asyncio
import contextlib

from cockpit.remote.errors import RemoteError
from cockpit.remote.ssh.connection import Connection
from cockpit.remote.tail.cursor import Cursor
from cockpit.remote.tail.events import LastBytes, TailData, TailEvent, TailMissing, TailOpened, TailReset
from cockpit.remote.tail.tail import Tail
from tests.remote.waiting import until


class Reading:
    """Everything a Tail said. `epochs[-1]` is the content of the newest one."""

    def __init__(self) -> None:
        self.epochs: list[bytearray] = []
        self.starts: list[int] = []
        self.events: list[TailEvent] = []
        self.cursor: Cursor | None = None
        self.error: RemoteError | None = None
        self.tail: Tail | None = None
        self._task: asyncio.Task[None] | None = None

    def start(
        self,
        connection: Connection,
        path: str,
        *,
        start: LastBytes | None = None,
        polling: float | None = None,
        check_interval: float = 0.3,
        heartbeat_interval: float = 15.0,
        patience: float = 45.0,
    ) -> None:
        """Go on from the cursor on a new connection."""
        self.error = None
        self._drop_partial_line()
        self.tail = Tail(
            connection,
            path,
            self.cursor,
            start=start,
            polling=polling,
            check_interval=check_interval,
            heartbeat_interval=heartbeat_interval,
            patience=patience,
        )
        self._task = asyncio.create_task(self._read(self.tail))

    def _drop_partial_line(self) -> None:
        if self.cursor is not None and self.epochs:
            del self.epochs[-1][self.cursor.offset - self.starts[-1] :]

    async def _read(self, tail: Tail) -> None:
        try:
            async for event in tail:
                self._take(event)
                self.cursor = tail.cursor
        except RemoteError as error:
            self.error = error
        finally:
            await tail.close()

    def _take(self, event: TailEvent) -> None:
        if not isinstance(event, TailData):
            self.events.append(event)
        match event:
            case TailOpened(start_offset=offset, resumed=resumed):
                if not resumed or not self.epochs:
                    self.epochs.append(bytearray())
                    self.starts.append(offset)
                assert offset == self.starts[-1] + len(self.epochs[-1])
            case TailData(offset=offset, data=data):
                assert offset == self.starts[-1] + len(self.epochs[-1]), "no byte is skipped or repeated"
                self.epochs[-1] += data
            case TailReset(valid_until=valid):
                if self.epochs:
                    del self.epochs[-1][max(0, valid - self.starts[-1]) :]
            case TailMissing():
                pass

    async def wait_for(self, content: bytes, within: float = 10.0) -> None:
        """Return once the newest epoch is exactly this content."""
        try:
            await until(lambda: (bool(self.epochs) and self.epochs[-1] == content) or self.error is not None, within)
        except AssertionError:
            got = bytes(self.epochs[-1]) if self.epochs else b""
            raise AssertionError(
                f"got {len(got)} bytes {got[-80:]!r} in epoch {len(self.epochs)}; {self.events}"
            ) from None
        if self.error is not None:
            raise self.error

    async def ended(self, within: float = 10.0) -> None:
        """Return once the Tail ended by itself."""
        assert self._task is not None
        await asyncio.wait_for(asyncio.shield(self._task), within)

    async def stop(self) -> None:
        """End reading."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def of(self, kind: type[TailEvent]) -> list[TailEvent]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]
