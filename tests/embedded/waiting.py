"""Waiting for conditions with a deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Answer = TypeVar("Answer")


async def until(ask: Callable[[], Answer | None], patience: float = 15.0) -> Answer:
    """Ask until the answer is true, and return it."""
    deadline = time.monotonic() + patience
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{ask} did not come true within {patience} s"
        await asyncio.sleep(0.01)
    return answer


def size(path: Path) -> int:
    """Return a file's size, 0 if it is missing."""
    return path.stat().st_size if path.exists() else 0


async def grows(path: Path) -> None:
    """Return when a file has grown."""
    before = size(path)
    await until(lambda: size(path) > before)


async def stays(path: Path, period: float = 0.3) -> None:
    """Make sure that a file does not grow for a while; the while is the thing under test."""
    before = size(path)
    deadline = time.monotonic() + period
    while time.monotonic() < deadline:
        await asyncio.sleep(0.02)
        assert size(path) == before, f"{path} grew although its writer is frozen"
