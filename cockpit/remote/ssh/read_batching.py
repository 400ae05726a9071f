"""Reading many streams in common rounds: what nobody waits for is read together, a few times a second.

Each wake-up of the process for one small packet costs several times the packet's own work, so fifty streams that are
read one by one cost three times as much as fifty that are read in one go. Between rounds a stream's bytes wait in the
kernel, which holds back its writer beyond the socket's buffer. The end of a stream is not waited for: it opens the
stream at once.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import select
from collections.abc import Callable
from typing import Protocol

INTERVAL = 0.4
"""Seconds between two rounds. With the time between two looks of a polling tail it stays below the second within which
a question or an end of a run must be noticed."""
OPEN_TIME = 0.002
"""Seconds a round lasts: one turn of the event loop, in which all that is there is read. A stream of which much came
stays open until the next one."""

SLICE = 20
"""Streams read in one round; of more, each round takes a part."""

PART = 2
"""Streams that begin to be read in one turn of the event loop: what each of them brings takes a third to half a
millisecond to work off, and a key is taken, or read, once the turn has ended."""

MAKING_WAY = 0.004
"""Seconds after which a round that makes way looks again."""
MOST_WAITS = 25
"""Looks for which a round makes way at most: who types without end is told of the agents all the same."""

_ENDED = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR


class Stream(Protocol):
    """What can be read in rounds."""

    def fileno(self) -> int:
        """Return the descriptor of the socket; negative if it is closed."""

    def open(self) -> None:
        """Read whatever comes."""

    def shut(self) -> None:
        """Stop reading."""

    def drained(self) -> bool:
        """Say whether little came since this was asked last: then little is left behind when reading stops."""


class ReadBatching:
    """The rounds of one event loop; shared by all connections of the process."""

    def __init__(self, interval: float = INTERVAL) -> None:
        self.interval = interval
        """Seconds between two rounds: how long a byte may wait here."""
        self.key_waits: Callable[[], bool] = lambda: False
        """Tells whether a key is on its way to its frame: reading makes way for it."""
        self._due: list[Stream] = []
        """Streams of the round that are not read yet."""
        self._waits = 0
        """Looks for which this round may still make way."""
        self._members: dict[Stream, int] = {}
        self._open: list[Stream] = []
        self._timer: asyncio.TimerHandle | None = None
        self._endings: select.epoll | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def join(self, stream: Stream) -> None:
        """Read a stream in rounds from now on."""
        descriptor = stream.fileno()
        if stream in self._members or descriptor < 0:
            return
        self._loop = asyncio.get_running_loop()
        if self._endings is None:
            self._endings = select.epoll()
            self._loop.add_reader(self._endings.fileno(), self._hear_endings)
        # Registered beside the loop's own selector, for the end of the stream alone: data wakes nobody.
        self._endings.register(descriptor, _ENDED)
        self._members[stream] = descriptor
        stream.shut()
        if self._timer is None:
            self._timer = self._loop.call_later(self.interval, self._begin)

    def leave(self, stream: Stream) -> None:
        """Read a stream at once from now on."""
        descriptor = self._members.pop(stream, None)
        if descriptor is None:
            return
        if self._endings is not None and stream.fileno() == descriptor:
            self._endings.unregister(descriptor)
        stream.open()
        if not self._members:
            self._rest()

    def _rest(self) -> None:
        """Hold nothing while nobody takes part."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._due, self._open = [], []
        if self._endings is not None and self._loop is not None:
            self._loop.remove_reader(self._endings.fileno())
            self._endings.close()
            self._endings = None

    def _begin(self) -> None:
        turns = math.ceil(len(self._members) / SLICE)
        self._due = list(itertools.islice(self._members, math.ceil(len(self._members) / turns)))
        self._waits = MOST_WAITS
        self._open_some(self.interval / turns - OPEN_TIME)

    def _open_some(self, pause: float) -> None:
        """Open the next streams of the round; a key whose answer is not shown yet goes first."""
        loop = asyncio.get_running_loop()
        if self._waits and self.key_waits():
            self._waits -= 1
            self._timer = loop.call_later(MAKING_WAY, self._open_some, pause)
            return
        now, self._due = self._due[:PART], self._due[PART:]
        for stream in now:
            if stream in self._members:
                # Who was read goes to the end of the line: all have their turn once in an interval.
                self._members[stream] = self._members.pop(stream)
                self._open.append(stream)
                stream.open()
        self._timer = (
            loop.call_later(0, self._open_some, pause) if self._due else loop.call_later(OPEN_TIME, self._end, pause)
        )

    def _end(self, pause: float) -> None:
        for stream in self._open:
            if stream in self._members and stream.drained():
                stream.shut()
        self._open = []
        self._timer = asyncio.get_running_loop().call_later(pause, self._begin)

    def _hear_endings(self) -> None:
        assert self._endings is not None
        ended = {descriptor for descriptor, _ in self._endings.poll(0)}
        for stream in [stream for stream, descriptor in self._members.items() if descriptor in ended]:
            self.leave(stream)
