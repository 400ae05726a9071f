"""An event loop whose time is virtual: it jumps to the next timer as soon as nothing else is left to do."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

Result = TypeVar("Result")
Given = TypeVarTuple("Given")

LIMIT = 86_400.0
"""Virtual seconds that no test lasts: timers alone can go on for ever."""

CREEP = 1e-6
"""Seconds that each round takes at least: who sleeps for less than a float can tell must not sleep for ever."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Sleeps and timeouts cost no real time; a test that would wait for ever fails at once."""

    def __init__(self) -> None:
        super().__init__(_JumpingSelector(self._jump))
        self._virtual_time = 0.0

    def time(self) -> float:
        """Return virtual seconds."""
        return self._virtual_time

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Given], Result], *args: *Given
    ) -> asyncio.Future[Result]:
        """Do at once what others would give to a thread: for a thread virtual time does not wait."""
        future: asyncio.Future[Result] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as problem:
            future.set_exception(problem)
        return future

    def _jump(self, seconds: float) -> None:
        self._virtual_time += seconds
        if self._virtual_time > LIMIT:
            raise RuntimeError("a day has passed: the test waits for something that does not happen")


class _JumpingSelector(selectors.DefaultSelector):
    """Reports what is ready and never waits."""

    def __init__(self, jump: Any) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("nothing is left that could ever happen: the test waits for ever")
        self._jump(CREEP if ready or timeout is None else max(timeout, CREEP))
        return ready
