"""The write queue: folding never waits for the disk, and what was folded gets there in its order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from cockpit.engine.streams.reader import Batch
from cockpit.engine.streams.write_queue import PENDING_BATCHES, WriteQueue
from cockpit.model.events import Record
from cockpit.remote.tail.cursor import FileIdentity, RecordPlace
from cockpit.store.rows import StoredCursor
from tests.engine.unit.parts import record


class Disk:
    """Takes what is kept, when it is free."""

    def __init__(self) -> None:
        self.kept: list[tuple[list[int], int, int, bool]] = []
        """Lines, epoch and line of the cursor, and whether it was allowed to wait, of each transaction."""
        self.free = asyncio.Event()
        self.free.set()
        self.flushes = 0
        self.rooms = 0
        self.error: Exception | None = None
        self.queue = WriteQueue(self.keep, self.flush_now, self.room_again)

    async def keep(self, records: Sequence[Record], cursor: StoredCursor, low_priority: bool) -> None:
        await self.free.wait()
        if self.error is not None:
            raise self.error
        self.kept.append(([one.line for one in records], cursor.epoch, cursor.line, low_priority))

    def flush_now(self) -> None:
        self.flushes += 1

    def room_again(self) -> None:
        self.rooms += 1


def batch(line: int, epoch: int = 1) -> Batch:
    """Return a batch of one line."""
    place = RecordPlace(FileIdentity(1, 2, 3, "head"), line * 100, line, b"anchor")
    return Batch((record(line, epoch=epoch),), (), place, epoch, 1.0)


async def test_what_came_while_the_disk_was_busy_goes_there_in_one_transaction() -> None:
    disk = Disk()
    disk.free.clear()
    task = asyncio.create_task(disk.queue.run())
    assert disk.queue.put(batch(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for line in (2, 3, 4):
        assert disk.queue.put(batch(line))
    disk.free.set()
    disk.queue.end()
    await task
    assert [(lines, line) for lines, _, line, _ in disk.kept] == [([1], 1), ([2, 3, 4], 4)]


async def test_epochs_are_never_mixed_in_one_transaction() -> None:
    disk = Disk()
    for line, epoch in ((8, 1), (9, 1), (1, 2), (2, 2)):
        disk.queue.put(batch(line, epoch))
    disk.queue.end()
    await disk.queue.run()
    assert [(lines, epoch, line) for lines, epoch, line, _ in disk.kept] == [([8, 9], 1, 9), ([1, 2], 2, 2)]


async def test_reading_waits_when_the_disk_is_behind_and_goes_on_once() -> None:
    disk = Disk()
    room = [disk.queue.put(batch(line)) for line in range(1, PENDING_BATCHES + 1)]
    assert room == [True] * (PENDING_BATCHES - 1) + [False]
    assert disk.rooms == 0
    task = asyncio.create_task(disk.queue.run())
    await asyncio.sleep(1.0)
    assert disk.rooms == 1
    assert disk.queue.put(batch(PENDING_BATCHES + 1))
    await asyncio.sleep(1.0)
    assert disk.rooms == 1, "there was no want of room"
    disk.queue.end()
    await task


async def test_the_end_writes_everything_and_waits_for_nobody() -> None:
    disk = Disk()
    task = asyncio.create_task(disk.queue.run())
    disk.queue.put(batch(1))
    await asyncio.sleep(1.0)
    disk.queue.put(batch(2))
    disk.queue.end()
    await task
    assert [low_priority for *_, low_priority in disk.kept] == [True, False]
    assert [lines for lines, *_ in disk.kept] == [[1], [2]]
    assert disk.flushes == 1


async def test_a_batch_without_a_place_is_nothing_to_keep() -> None:
    disk = Disk()
    assert disk.queue.put(Batch(caught_up=True))
    disk.queue.end()
    await disk.queue.run()
    assert disk.kept == []


async def test_an_error_of_the_program_is_told_to_whom_gives_more() -> None:
    disk = Disk()
    disk.error = ZeroDivisionError("oh")
    disk.queue.put(batch(1))
    with pytest.raises(ZeroDivisionError):
        await disk.queue.run()
    with pytest.raises(RuntimeError, match="not written any more"):
        disk.queue.put(batch(2))
