"""One thread watches over the time of all tests of a process; the plugin starts and joins one for each test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

Late = Callable[[], None]


class Watch:
    """Calls somebody when a time is over, unless it is told before that it is not waited for any more."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._ends = 0.0
        self._wakes = float("inf")
        """When the thread looks by itself: to be told of a later end it need not be woken."""
        self._late: Late | None = None
        self._thread: threading.Thread | None = None

    def begin(self, seconds: float, late: Late) -> None:
        """Call `late` in `seconds`, in a thread; what was waited for until now is not any more."""
        with self._changed:
            self._ends, self._late = time.monotonic() + seconds, late
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="watch over the time of tests", daemon=True)
                self._thread.start()
            elif self._ends < self._wakes:
                self._changed.notify()

    def end(self) -> None:
        """Wait no more; what is late already may still be called."""
        with self._changed:
            self._late = None

    def _look(self) -> None:
        while True:
            with self._changed:
                while (late := self._late) is None or time.monotonic() < self._ends:
                    left = None if late is None else max(0.0, self._ends - time.monotonic())
                    self._wakes = float("inf") if left is None else self._ends
                    self._changed.wait(left)
                self._late = None
            late()


_watch = Watch()


@pytest.hookimpl(optionalhook=True)
def pytest_timeout_set_timer(item: Any, settings: Any) -> bool | None:
    """Watch over a test that a thread shall watch; the plugin itself ends the process with the stacks of all."""
    if settings.method != "thread":
        return None
    from pytest_timeout import timeout_timer  # type: ignore[import-untyped]

    _watch.begin(settings.timeout, lambda: timeout_timer(item, settings))
    item.cancel_timeout = _watch.end
    return True
