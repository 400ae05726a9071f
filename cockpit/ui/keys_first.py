"""An event loop that reads no sockets while a key is on its way to its frame and anything else is to be done."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class SocketsWait(selectors.DefaultSelector):
    """Tells of no descriptor while a key waits, unless the loop would have nothing to do otherwise.

    A key takes half a dozen turns of the loop to its frame, through the queues of application, screen and widget. Each
    turn would first work off what came of agents, of which there are hundreds. What is not told now is told later:
    descriptors stay ready until they are read.
    """

    def __init__(self) -> None:
        super().__init__()
        self.key_waits: Callable[[], bool] = lambda: False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready, or nothing where a key goes first."""
        if timeout is not None and timeout <= 0 and self.key_waits():
            return []
        return super().select(timeout)


class KeysFirstLoop(asyncio.SelectorEventLoop):
    """The loop of a screen."""

    def __init__(self) -> None:
        self.sockets = SocketsWait()
        super().__init__(self.sockets)


def keys_go_first(key_waits: Callable[[], bool]) -> None:
    """Have sockets wait while that says that a key is on its way; it must bound how long it says so.

    Loops that others started, e.g. in tests, stay as they are.
    """
    loop = asyncio.get_running_loop()
    if isinstance(loop, KeysFirstLoop):
        loop.sockets.key_waits = key_waits


def run_screen(work: Coroutine[Any, Any, Result]) -> Result:
    """Run what shows a screen, on a loop of its own."""
    with asyncio.Runner(loop_factory=KeysFirstLoop) as runner:
        return runner.run(work)
