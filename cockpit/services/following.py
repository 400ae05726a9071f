"""What every follower of a stream needs: frames out of bytes, what was seen already, and waits between attempts.

Ids of one millisecond sort by chance, and what happens while a server replays is in neither part: so each connection
asks from below the last millisecond, and what was seen is dropped.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from typing import Protocol, TypeVar

import httpx

from cockpit.services import ulid
from cockpit.services.errors import ServiceBroken

SILENCE = 45.0
"""Seconds without a byte after which a stream is given up: the server sends a comment every 15."""
FIRST_DELAY = 1.0
LONGEST_DELAY = 30.0
"""Seconds between attempts: doubled from the first, each with jitter."""
SETTLED = 30.0
"""Seconds a stream must last for the next failure to begin with the first delay again."""
FLOOR_MARGIN_MS = 60_000
"""Milliseconds asked for again on each reconnection: what a clock that stepped back may have stamped."""
SEEN_LIMIT = 20_000
"""Remembered ids: twice what a server keeps."""
FRAME_LIMIT = 16 * 1024 * 1024
"""Longest accepted line of a stream in bytes."""
HOPELESS = 6
"""Failures after which the longest delay is waited: as many count at once where the next second changes nothing."""


class HasId(Protocol):
    """What a stream carries."""

    @property
    def id(self) -> str:
        """Its ULID."""


Item = TypeVar("Item", bound=HasId)


class Memory:
    """What was seen, and from where to ask again."""

    def __init__(self, last: str = "") -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._first = last
        self._last = last

    def fresh(self, items: Iterable[Item]) -> list[Item]:
        """Return the items not seen before, and take them as seen."""
        found: list[Item] = []
        for item in items:
            if item.id in self._seen:
                self._seen.move_to_end(item.id)
                continue
            self._seen[item.id] = None
            self._last = item.id
            self._first = self._first or item.id
            found.append(item)
        while len(self._seen) > SEEN_LIMIT:
            self._seen.popitem(last=False)
        return found

    def floor(self) -> str:
        """Return an id safely before the last one that arrived, empty if there is none.

        It does not reach back before the first one: what is older was left out on purpose. Only a clock that stepped
        back takes it there.
        """
        floor = ulid.floor(self._last, FLOOR_MARGIN_MS)
        first = ulid.floor(self._first, 0)
        return first if floor < first <= self._last else floor

    def since(self) -> dict[str, str]:
        """Return a stream's query."""
        floor = self.floor()
        return {"since": floor} if floor else {}


def delay(failures: int, jitter: float) -> float:
    """Return the seconds to wait after so many failures in a row; the jitter is in [0, 1)."""
    span = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(failures - 1, 8))
    return span * (0.5 + 0.5 * jitter)


async def frames(response: httpx.Response, what: str) -> AsyncIterator[bytes]:
    """Yield the data of a stream's events; comments are passed over.

    Lines end at LF only: other separators of Unicode occur unescaped inside the JSON.

    Raises:
        ServiceBroken: one of them has no end.
    """
    pending: list[bytes] = []
    data: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > FRAME_LIMIT:
            raise ServiceBroken(f"could not {what}: an event of the stream has no end")
        pending.append(chunk)
        if b"\n" not in chunk:
            continue
        *lines, rest = b"".join(pending).split(b"\n")
        pending = [rest]
        for raw in lines:
            line = raw.removesuffix(b"\r")
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif not line and data:
                yield b"\n".join(data)
                data = []
        size = len(rest) + sum(map(len, data))
