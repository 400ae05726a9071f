"""Notes when the operator was away, and shows on the way back what happened meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.model.away import AWAY_AFTER
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line
from cockpit.ui.dialogs.away import AwayDialog
from cockpit.ui.screens.travelling import Traveller
from cockpit.ui.widgets.notice import notice

if TYPE_CHECKING:
    from textual.app import App

    from cockpit.engine.port import CockpitPort

log = logging.getLogger(__name__)

INTERVAL = 5.0
"""Seconds between two looks."""

NOTE_INTERVAL = 60.0
"""Seconds between two notes of when the last key came."""

SETTLING = 12.0
"""Seconds after a start in which the agents are read to their ends."""

LAST_KEY = "last key"
"""The preference that says when the last key came, in any cockpit of one history."""


class Absence:
    """One screen's look at whether somebody is there."""

    def __init__(self, app: App[None], engine: CockpitPort, quiet_for: Callable[[], float]) -> None:
        """Prepare.

        Args:
            app: the application.
            engine: sums up what happened.
            quiet_for: returns the seconds since the last key.
        """
        self._app = app
        self._engine = engine
        self._quiet_for = quiet_for
        self._began = engine.now()
        self._noted = 0.0
        self._looked_at_start = False
        self.since = self._began
        """When the last absence began, as `0` shows it."""
        self._shown = False

    def start(self) -> None:
        """Begin to look; the application ends the timer."""
        self._app.set_interval(INTERVAL, self.look)

    async def look(self) -> None:
        """Show what happened if somebody has been away, and note when the last key came."""
        now, quiet = self._engine.now(), self._quiet_for()
        if not self._looked_at_start and now - self._began >= SETTLING:
            self._looked_at_start = True
            await self._look_at_start(now, quiet)
        if quiet < AWAY_AFTER:
            self._shown = False
        elif not self._shown:
            self._shown = True
            self.since = now - quiet
            await self.show(asked=False)
        if now - self._noted >= NOTE_INTERVAL and self._looked_at_start and quiet < AWAY_AFTER:
            self._noted = now
            self._engine.coordination.preferences.keep(LAST_KEY, f"{now - quiet:.0f}")

    async def _look_at_start(self, now: float, quiet: float) -> None:
        kept = await self._engine.coordination.preferences.read(LAST_KEY)
        last = float(kept) if kept.isdecimal() else now
        # The key counts from the last key in any cockpit on, also where that is too short a while to be shown unasked.
        self.since = min(last, self.since)
        if self._began - last >= AWAY_AFTER:
            untouched = quiet >= now - self._began
            await self.show(asked=False, hint=not untouched)

    async def show(self, *, asked: bool, hint: bool = False) -> None:
        """Show what happened since the last absence began.

        Args:
            asked: somebody pressed the key for it: then also that nothing happened.
            hint: say only that there is something, for somebody is at work already.
        """
        port, since = self._engine.coordination.away, self.since
        try:
            away = await port.happened(since)
        except CockpitError as error:
            log.warning("what happened meanwhile is not known: %s", error)
            if asked:
                notice(self._app, our_line("{}", str(error)), title=ours("Away"), severity="warning")
            return
        screen = self._app.screen
        if not asked and not away.lines:
            return
        if not isinstance(screen, Traveller):
            return
        here = screen.foremost()
        if not asked and (hint or here.pane == "composer"):
            notice(
                self._app, our_line("{} shows what happened while you were away", screen.key_of("see.away")), timeout=12
            )
            return

        def finish(agent: str | None) -> None:
            if agent is not None:
                here.go_to(f"agent:{agent}")

        self._app.push_screen(AwayDialog(away, lambda: port.happened(since)), finish)
