"""How much of a file may be on its way at once, so that what else comes over the same connection is not held up."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator

from cockpit.remote.errors import FileChanged
from cockpit.remote.files.port import FileSource

LEAST = 64 << 10
MOST = 2 << 20
"""Bytes of a piece, at least and at most."""

FIRST = LEAST
"""Bytes of the first piece: only from small ones is it learnt how far away the VM is."""

QUICK = 0.1
SLOW = 0.3
"""Seconds that a piece takes longer than the quickest did, below which the next is larger, and above which it is
smaller: an agent's line waits behind what was asked for before it. How far away the VM is does not count."""

REMEMBERED = 32
"""Pieces among which the quickest is looked for: a link may change."""

AHEAD = 2
"""Pieces that are asked for before the first has come: the link is not idle between two."""


class Pace:
    """Adapts the size of pieces to the link."""

    def __init__(self) -> None:
        self.piece = FIRST
        """Bytes of the next piece."""
        self._times: deque[float] = deque(maxlen=REMEMBERED)

    def took(self, seconds: float) -> None:
        """Learn how long a piece was on its way."""
        self._times.append(seconds)
        longer = seconds - min(self._times)
        if longer < QUICK:
            self.piece = min(MOST, self.piece * 2)
        elif longer > SLOW:
            self.piece = max(LEAST, self.piece // 2)


async def pieces(source: FileSource, start: int, end: int, pace: Pace) -> AsyncIterator[bytes]:
    """Yield the bytes of a file from `start` up to `end`, in order; what is ahead is bounded.

    Raises:
        FileChanged: the file ends before `end`, or is another one by now.
        RemoteError: it cannot be read, or the connection gave out.
    """
    waiting: deque[asyncio.Task[bytes]] = deque()
    asked = start
    try:
        while asked < end or waiting:
            while asked < end and len(waiting) < AHEAD:
                length = min(pace.piece, end - asked)
                waiting.append(asyncio.create_task(_timed(source, asked, length, pace)))
                asked += length
            yield await waiting[0]
            waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _timed(source: FileSource, offset: int, length: int, pace: Pace) -> bytes:
    began = time.monotonic()
    data = await source.read(offset, length)
    if len(data) < length:
        raise FileChanged(f"a file ended at byte {offset + len(data)}: it became shorter while it was read")
    pace.took(time.monotonic() - began)
    return data
