"""How many connects may stand unauthenticated before one host, in the order they came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

AT_ONCE = 8
"""sshd's default `MaxStartups 10:30:100` starts to refuse at ten; two are left for other people."""
STAGGER = 0.005
"""Seconds between two starts at one host: sshd needs a moment to see that an authentication ended."""


@dataclass(slots=True)
class _Door:
    """The queue before one host."""

    semaphore: asyncio.Semaphore
    next_start: float = 0.0
    users: int = field(default=0)


class ConnectLimit:
    """A limiter shared by all connections of the process; waiting is first come, first served."""

    def __init__(self, *, at_once: int = AT_ONCE, stagger: float = STAGGER) -> None:
        self._at_once = at_once
        self._stagger = stagger
        self._doors: dict[str, _Door] = {}

    @asynccontextmanager
    async def slot(self, host: str) -> AsyncIterator[None]:
        """Hold a place before `host` from the first packet until authentication ended."""
        door = self._doors.get(host)
        if door is None:
            door = self._doors[host] = _Door(asyncio.Semaphore(self._at_once))
        door.users += 1
        try:
            async with door.semaphore:
                now = asyncio.get_running_loop().time()
                start = max(now, door.next_start)
                door.next_start = start + self._stagger
                if start > now:
                    await asyncio.sleep(start - now)
                yield
        finally:
            door.users -= 1
            if not door.users:
                del self._doors[host]
