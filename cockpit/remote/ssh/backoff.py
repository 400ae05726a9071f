"""How long to wait before the next attempt, so that many agents never come back at the same instant."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

BASE = 0.5
"""Seconds: the ceiling of the first wait."""
CAP = 30.0
"""Seconds: no wait is longer."""
MINUTE_OF_LIFE = 60.0
"""Seconds a connection must live before its end counts as a first failure again."""


class Backoff:
    """Exponential backoff with full jitter: each wait is uniform between zero and a ceiling that doubles."""

    def __init__(
        self,
        *,
        base: float = BASE,
        cap: float = CAP,
        settled: float = MINUTE_OF_LIFE,
        uniform: Callable[[float, float], float] = random.uniform,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base = base
        self._cap = cap
        self._settled = settled
        self._uniform = uniform
        self._clock = clock
        self._connected_at: float | None = None
        self.failures = 0
        """Attempts and short lives in a row."""

    def connected(self) -> None:
        """Note that the connection stands now; it forgives nothing yet."""
        self._connected_at = self._clock()

    def ceiling(self) -> float:
        """Return the longest wait, in seconds, that `next_delay` may give now."""
        return min(self._cap, self._base * 2.0 ** min(self.failures, 32))

    def next_delay(self) -> float:
        """Note a failed attempt or a lost connection and return the seconds to wait."""
        if self._connected_at is not None:
            if self._clock() - self._connected_at >= self._settled:
                self.failures = 0
            self._connected_at = None
        delay = self._uniform(0.0, self.ceiling())
        self.failures += 1
        return delay

    def reset(self) -> None:
        """Forget all failures: the operator asked to try now, or the address changed."""
        self.failures = 0
        self._connected_at = None
