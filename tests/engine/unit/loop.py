"""An event loop whose time is virtual: it jumps to the next timer as soon as nothing else is left to do."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Sleeps and timeouts cost no real time; a test that would wait for ever fails at once."""

    def __init__(self) -> None:
        super().__init__(_JumpingSelector(self._jump))
        self._virtual_time = 0.0

    def time(self) -> float:
        """Return virtual seconds."""
        return self._virtual_time

    def _jump(self, seconds: float) -> None:
        self._virtual_time += seconds


class _JumpingSelector(selectors.DefaultSelector):
    """Reports what is ready and never waits."""

    def __init__(self, jump: Any) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("nothing is left that could ever happen: the test waits for ever")
        if not ready and timeout is not None and timeout > 0:
            self._jump(timeout)
        return ready
