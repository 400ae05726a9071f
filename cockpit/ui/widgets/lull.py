"""Does something once writing has paused: what looks at a whole text must not be done at each key."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from textual.timer import Timer
from textual.widget import Widget

PAUSE = 0.3
"""Seconds without a change that are a pause."""


class Lull:
    """Waits for a pause."""

    def __init__(self, widget: Widget, act: Callable[[], None]) -> None:
        """Prepare.

        Args:
            widget: ends the waiting with itself.
            act: what is done in a pause.
        """
        self._widget = widget
        self._act = act
        self._changed_at = 0.0
        self._timer: Timer | None = None

    def changed(self) -> None:
        """Take that something was written."""
        self._changed_at = monotonic()
        if self._timer is None:
            self._timer = self._widget.set_timer(PAUSE, self._look)

    def _look(self) -> None:
        left = self._changed_at + PAUSE - monotonic()
        self._timer = self._widget.set_timer(left, self._look) if left > 0 else None
        if self._timer is None:
            self._act()
