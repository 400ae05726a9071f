"""Since when what is asked has stood on the screen, whole and unchanged: no key counts before it could be read."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from time import monotonic

from cockpit.ui.drawn_at_once import HasGate

STANDS = 0.4
"""Seconds that a question has to stand unchanged before a key answers it."""


class Painted:
    """A screen that is told of its frames."""

    def frame_painted(self, at: float) -> None:
        """Take that a frame of it was painted, composed at `at` (monotonic seconds)."""


def read_at(app: object) -> float:
    """Return when the key or click was read that an application deals with; it may have waited since."""
    return app.gate.read_at if isinstance(app, HasGate) else monotonic()


class Sight:
    """What is drawn at one place; all moments are seconds of the monotonic clock, as keys have them."""

    def __init__(self, taken: Callable[[float], float | None] = lambda composed: composed) -> None:
        """Prepare.

        Args:
            taken: tells when the terminal had taken a frame that was composed at a moment; None: not yet.
        """
        self._taken = taken
        self._what: Hashable = None
        self._rendered = False
        self._since: float | None = None

    def put(self, what: Hashable) -> None:
        """Have something drawn from now on; if it is another thing than before, its time begins anew."""
        if what != self._what:
            self._what = what
            self.hide()

    @property
    def is_awaited(self) -> bool:
        """Whether it is still to be drawn."""
        return self._what is not None and not self._rendered and self._since is None

    def rendered(self) -> None:
        """Take that all of it is in the frame that is being composed."""
        self._rendered = self._what is not None

    def painted(self, at: float) -> bool:
        """Take that a frame was painted; say whether what is to be read stands in it."""
        if self._rendered and self._since is None:
            self._since = at
        return self._since is not None

    def hide(self) -> None:
        """Take that it is in sight no more, or that the terminal did not show it."""
        self._rendered, self._since = False, None

    def lacks(self, at: float) -> str:
        """Say why a key that was read at a moment is too early, or return empty text."""
        shown = self._taken(self._since) if self._since is not None else None
        if shown is None or at < shown:
            return "it was pressed before the question was shown"
        if at - shown < STANDS:
            return f"the question had stood there for {at - shown:.1f} s only: read it, then press again"
        return ""
