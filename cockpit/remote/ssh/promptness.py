"""Whether a connection is read at once or in common rounds: at once while somebody waits for what it brings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cockpit.remote.ssh.dialer import Dialer


class Promptness:
    """Who waits for what a connection brings: processes, streams, questions."""

    def __init__(self, dialer: Dialer, closed: Callable[[], bool]) -> None:
        """Begin with nobody.

        Args:
            dialer: whose connection it is.
            closed: says whether it is over; then it is read to its end.
        """
        self._dialer = dialer
        self._closed = closed
        self._waiting: set[object] = set()

    def add(self, who: object) -> None:
        """Somebody waits."""
        self._waiting.add(who)
        self._dialer.low_priority = False

    def discard(self, who: object) -> None:
        """Somebody waits no more, or never did."""
        self._waiting.discard(who)
        self._dialer.low_priority = not self._waiting and not self._closed()

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Have it read at once within the block."""
        waiting = object()
        self.add(waiting)
        try:
            yield
        finally:
            self.discard(waiting)
