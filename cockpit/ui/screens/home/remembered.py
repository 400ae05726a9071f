"""What the operator set for the areas of the home screen, kept in a file of the state directory by size class.

It is written beside the loop: a slow disk delays no key. Of changes that come while one is written the last is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from cockpit.paths import write_private
from cockpit.ui.screens.home.arrangement import SIDE, SIZE_CLASSES, Wishes

log = logging.getLogger(__name__)

FARTHEST = 400
"""Cells or lines by which an area can have been moved: no terminal has more."""


LAST_WRITE = 5.0
"""Seconds that the end of a screen waits for the file."""


def recalled(path: Path | None) -> dict[str, Wishes]:
    """Return what was kept; what cannot be read is left out, and a broken file begins anew."""
    if path is None:
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("the kept layout %s cannot be read, the usual one is shown: %s", path, error)
        return {}
    if not isinstance(kept, dict):
        return {}
    names = {one.name for one in SIZE_CLASSES}
    return {name: _wishes(value) for name, value in kept.items() if name in names and isinstance(value, dict)}


def remember(path: Path | None, wishes: Mapping[str, Wishes]) -> str:
    """Keep what was set; say why that failed, or return empty text."""
    if path is None:
        return ""
    content = {
        name: {"agents": one.agents, "side": one.side, "hidden": sorted(one.hidden)} for name, one in wishes.items()
    }
    try:
        write_private(path, json.dumps(content))
    except OSError as error:
        log.warning("the layout could not be kept in %s: %s", path, error)
        return f"the layout is not kept: {error.strerror or error}"
    return ""


class WishesFile:
    """Keeps the newest wishes in the file."""

    def __init__(self, path: Path | None, failed: Callable[[str], None]) -> None:
        """Prepare.

        Args:
            path: the file; None keeps nothing.
            failed: is told why something was not kept, on the thread that wrote.
        """
        self._path = path
        self._failed = failed
        self._writer: ThreadPoolExecutor | None = None
        self._newest: Mapping[str, Wishes] | None = None
        self._lock = threading.Lock()
        self._last: Future[None] | None = None

    def keep(self, wishes: Mapping[str, Wishes]) -> None:
        """Have it written; returns at once."""
        if self._path is None:
            return
        if self._writer is None:
            self._writer = ThreadPoolExecutor(1, "layout")
        with self._lock:
            waits, self._newest = self._newest is not None, wishes
        if not waits:
            self._last = self._writer.submit(self._write)

    async def close(self) -> None:
        """Wait until what was set last is written; a disk that hangs is left to the process's own end."""
        if self._last is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self._last)), LAST_WRITE)
        if self._writer is not None:
            self._writer.shutdown(wait=False)
            self._writer = None

    def _write(self) -> None:
        with self._lock:
            wishes, self._newest = self._newest, None
        if wishes is not None and (trouble := remember(self._path, wishes)):
            self._failed(trouble)


def _wishes(kept: Mapping[str, object]) -> Wishes:
    hidden = kept.get("hidden")
    areas = {area for area in hidden if area in SIDE} if isinstance(hidden, list) else set()
    return Wishes(_number(kept.get("agents")), _number(kept.get("side")), frozenset(areas))


def _number(value: object) -> int:
    return max(-FARTHEST, min(FARTHEST, value)) if isinstance(value, int) else 0
