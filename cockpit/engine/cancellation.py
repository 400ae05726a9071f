"""A cancellation that meets an error in a task group is forgotten by Python before 3.13; who goes on must ask."""

from __future__ import annotations

import asyncio


def check_cancelled() -> None:
    """Go no further in a task that somebody cancelled, though an error came instead of the cancellation.

    Raises:
        asyncio.CancelledError: somebody cancelled the running task.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
