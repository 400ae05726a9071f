"""The second click of two that come as one: where the first has led elsewhere, it was not meant for what lies there."""

from __future__ import annotations

from textual import events
from textual.app import App

from cockpit.ui.places.history import ScreenPlace
from cockpit.ui.screens.action_screen import ActionScreen

Place = tuple[int, ScreenPlace | None]
"""Which screen is in view, and what it shows."""


class SecondClick:
    """Looks at what the mouse does before anybody gets it."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._at: tuple[int, int] | None = None
        self._pressed = 0.0
        self._place: Place | None = None
        self._drops = False

    def drops(self, event: events.Event) -> bool:
        """Say whether a press, or its release, is the second upon a place at which something else was before."""
        if isinstance(event, events.MouseUp):
            drops, self._drops = self._drops, False
            return drops
        if not isinstance(event, events.MouseDown):
            return False
        at, place = (event.x, event.y), self._place_now()
        soon = event.time - self._pressed <= self._app.CLICK_CHAIN_TIME_THRESHOLD
        self._drops = soon and at == self._at and place != self._place
        if not self._drops:
            self._at, self._pressed, self._place = at, event.time, place
        return self._drops

    def _place_now(self) -> Place:
        screen = self._app.screen
        return id(screen), screen.place if isinstance(screen, ActionScreen) else None
