"""An event loop that reads no sockets while a key is on its way to its frame, and tidies up before it sleeps."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any, Protocol, TypeVar

Result = TypeVar("Result")


class Chore(Protocol):
    """What is best done while nothing else is."""

    def is_due(self) -> bool:
        """Tell whether there is enough of it; asked before each sleep of the loop."""

    def do(self) -> None:
        """Do some of it, in a millisecond or less."""


class SocketsWait(selectors.DefaultSelector):
    """Tells of no descriptor while a key waits, unless the loop would have nothing to do otherwise.

    A key takes half a dozen turns of the loop to its frame, through the queues of application, screen and widget. Each
    turn would first work off what came of agents, of which there are hundreds. What is not told now is told later:
    descriptors stay ready until they are read.
    """

    def __init__(self) -> None:
        super().__init__()
        self.key_waits: Callable[[], bool] = lambda: False
        self.chore: Chore | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready, or nothing where a key goes first; what can wait is done before a sleep."""
        if timeout is not None and timeout <= 0:
            return [] if self.key_waits() else super().select(timeout)
        if self.chore is not None and self.chore.is_due():
            if ready := super().select(0):
                return ready
            began = monotonic()
            self.chore.do()
            if timeout is not None:
                timeout = max(0.0, timeout - (monotonic() - began))
        return super().select(timeout)


class KeysFirstLoop(asyncio.SelectorEventLoop):
    """The loop of a screen."""

    def __init__(self) -> None:
        self.sockets = SocketsWait()
        super().__init__(self.sockets)


def keys_go_first(key_waits: Callable[[], bool], chore: Chore | None = None) -> None:
    """Have sockets wait while that says that a key is on its way, and the chore done while nothing is to be done.

    It must bound how long it says so. Loops that others started, e.g. in tests, stay as they are.
    """
    loop = asyncio.get_running_loop()
    if isinstance(loop, KeysFirstLoop):
        loop.sockets.key_waits, loop.sockets.chore = key_waits, chore


def run_screen(work: Coroutine[Any, Any, Result]) -> Result:
    """Run what shows a screen, on a loop of its own."""
    with asyncio.Runner(loop_factory=KeysFirstLoop) as runner:
        return runner.run(work)
