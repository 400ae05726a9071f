"""What was read of one agent and is not on the disk yet: what came while the store was busy goes there together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby

from cockpit.engine.streams.reader import Batch
from cockpit.model.events import Record
from cockpit.store.rows import StoredCursor

PENDING_BATCHES = 64
"""Batches read but not yet stored, per agent; when the store is behind, reading waits."""

STORING_LIMIT = 4.0
"""Seconds that lines which are shown already get to reach the disk when the reading is given up; what does not is read
again from the VM."""


class WriteQueue:
    """Takes batches at once and writes them in order; folding does not wait for the disk."""

    def __init__(
        self,
        keep: Callable[[Sequence[Record], StoredCursor, bool], Awaitable[None]],
        flush_now: Callable[[], None],
        room_again: Callable[[], None],
    ) -> None:
        """Prepare; `run` writes.

        Args:
            keep: writes records and the cursor behind them, and returns once they are in the file; told whether it may
                wait for others to share a transaction.
            flush_now: ends such waiting.
            room_again: called when there is room after `put` had said that there is none.
        """
        self._keep = keep
        self._flush_now = flush_now
        self._room_again = room_again
        self._batches: list[Batch] = []
        self._wake = asyncio.Event()
        self._ending = False
        self._full = False
        self._failure: BaseException | None = None

    def put(self, batch: Batch) -> bool:
        """Add a batch; return whether there is room for more.

        Raises:
            RuntimeError: writing has ended by an error of the program.
        """
        if self._failure is not None:
            raise RuntimeError("what is read is not written any more") from self._failure
        if batch.place is not None:
            # The raw lines are for callers who read by themselves; waiting for the disk they would only cost memory.
            self._batches.append(Batch(batch.records, (), batch.place, batch.epoch, batch.at))
            self._wake.set()
        self._full = len(self._batches) >= PENDING_BATCHES
        return not self._full

    def end(self) -> None:
        """Let `run` return once everything is written."""
        self._ending = True
        self._wake.set()
        self._flush_now()

    async def run(self) -> None:
        """Write until the end."""
        try:
            while self._batches or not self._ending:
                if not self._batches:
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                batches, self._batches = self._batches, []
                for _, same in groupby(batches, key=lambda batch: batch.epoch):
                    await self._write(list(same))
                if self._full:
                    self._full = False
                    self._room_again()
        except BaseException as error:
            self._failure = error
            raise

    async def _write(self, batches: Sequence[Batch]) -> None:
        cursor = batches[-1].cursor
        if cursor is not None:
            records = [record for batch in batches for record in batch.records]
            await self._keep(records, cursor, not self._ending)


async def ended(storing: asyncio.Task[None]) -> None:
    """Wait for the end of the storing, also when we are cancelled meanwhile: then for STORING_LIMIT at most."""
    cancelled = False
    while not storing.done():
        try:
            if not (await asyncio.wait((storing,), timeout=STORING_LIMIT if cancelled else None))[0]:
                storing.cancel()
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
    storing.result()
