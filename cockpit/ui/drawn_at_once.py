"""Screens that draw what a key changes at once, and not with the next sixtieth of a second."""

from __future__ import annotations

from typing import Protocol, cast, runtime_checkable

from textual import events
from textual.screen import Screen, ScreenResultType


@runtime_checkable
class HandsKeysOn(Protocol):
    """What hands keys on."""

    read_at: float
    """When what was handed on last was read (monotonic seconds)."""

    def draws_at_once(self) -> bool:
        """Tell whether a key was just typed, and no other waits behind it."""

    def draws_later(self) -> bool:
        """Tell whether a key that was just typed is not handed on yet."""


@runtime_checkable
class HasGate(Protocol):
    """An application whose keys go through a gate."""

    gate: HandsKeysOn


@runtime_checkable
class HasNotices(Protocol):
    """An application whose notices stand beside what is being typed."""

    def clear_the_field(self, screen: Screen[object]) -> bool:
        """Move those of a screen where they have to; return whether they moved."""


class DrawnAtOnce(Screen[ScreenResultType]):
    """A screen whose frames do not wait for their time while an answer to a key is awaited.

    The framework draws sixty times a second at most: what changes right after a frame waits 16 ms. Where agents stream,
    a frame was drawn just before one key in three.
    """

    _clears = False
    """Notices were moved, and the frame is laid out anew."""

    async def _on_idle(self, event: events.Idle) -> None:
        app = self.app
        changed = self._dirty_widgets or self._layout_required or self._scroll_required or self._repaint_required
        if changed and isinstance(app, HasGate) and app.gate.draws_at_once() and not app._batch_count:
            super()._on_timer_update()

    def _on_timer_update(self) -> None:
        """Draw what changed; it waits for a key that is on its way, and comes with what that one changes."""
        app = self.app
        needed = self._callbacks or self._layout_required or self._scroll_required or self._recompose_required
        if needed or not isinstance(app, HasGate) or not app.gate.draws_later():
            super()._on_timer_update()

    def _compositor_refresh(self) -> None:
        """Show a frame; where a notice stands over what is being typed it is moved first, and nobody sees it there."""
        app, here = self.app, cast("Screen[object]", self)
        if not self._clears and self.is_current and isinstance(app, HasNotices) and app.clear_the_field(here):
            self._clears = True
            try:
                self._refresh_layout()  # which comes back here
            finally:
                self._clears = False
        else:
            super()._compositor_refresh()
