"""A pilot's pause ends when nothing is left to do, not when the processor had no time for what is left to do."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

QUIET_ROUNDS = 3
"""Rounds of the event loop in a row in which nobody else had anything to do."""


async def nothing_left_to_do(within: float) -> None:
    """Return once nobody but the caller has had anything to do for some rounds of the loop, or after `within` seconds.

    A screen that streams has always something to do: hence the bound.
    """
    loop: Any = asyncio.get_running_loop()
    deadline = time.monotonic() + within
    quiet = 0
    while quiet < QUIET_ROUNDS and time.monotonic() < deadline:
        await asyncio.sleep(0)
        quiet = 0 if loop._ready else quiet + 1


def pytest_collection_finish() -> None:
    """Make the pilot's pauses exact.

    The framework takes a process for idle that used little processor time for a while (`textual/_wait.py`). So is one
    that a busy machine did not let work.
    """
    modules = [sys.modules[name] for name in ("textual.pilot", "textual.app") if name in sys.modules]
    if not modules:
        return
    from textual import _wait

    looks_idle = _wait.wait_for_idle

    async def wait_for_idle(min_sleep: float = _wait.SLEEP_GRANULARITY, max_sleep: float = 1.0) -> None:
        await looks_idle(min_sleep, max_sleep)
        await nothing_left_to_do(max_sleep)

    for module in modules:
        vars(module)["wait_for_idle"] = wait_for_idle
