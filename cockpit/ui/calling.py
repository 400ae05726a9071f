"""Calls the operator through the terminal, keeps its title, and says whom the operator looks at."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cockpit.model.ids import AgentId
from cockpit.model.notices.notifier import Summons
from cockpit.model.notices.port import NoticesPort
from cockpit.model.notices.told import headline_of
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.screens.action_screen import ActionScreen
from cockpit.ui.tallies import Tallies
from cockpit.ui.terminal.calling import (
    BELL,
    GIVE_BACK_TITLE,
    KEEP_TITLE,
    desktop_notice,
    desktop_sequence,
    is_multiplexed,
    title_of,
)

if TYPE_CHECKING:
    from textual.app import App

    from cockpit.engine.port import CockpitPort

INTERVAL = 1.0
"""Seconds between two looks at the title, and at what is on screen."""

ATTENTIVE = 60.0
"""Seconds after the last key for which somebody counts as looking, where the terminal does not say whether it has the
focus."""


class Caller:
    """One screen's part in calling its operator."""

    def __init__(
        self,
        app: App[None],
        engine: CockpitPort,
        *,
        write: Callable[[str], None],
        quiet_for: Callable[[], float],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """Prepare.

        Args:
            app: the application.
            engine: whose notices are told.
            write: takes what is for the terminal and is no frame.
            quiet_for: returns the seconds since the last key.
            environment: the variables of the process: they tell which terminal it is.
        """
        self._app = app
        self._engine = engine
        self._write = write
        self._quiet_for = quiet_for
        self.tallies = Tallies()
        """What wants the operator, counted once for all that say it: the screens count in it, too."""
        self._sequence = desktop_sequence(self._port.rules.desktop, environment)
        self._multiplexed = is_multiplexed(environment)
        self._title: Clean | None = None
        self._title_of = -1
        self._tells_focus = False
        """The terminal has said that it lost the focus: then it says so each time."""

    @property
    def _port(self) -> NoticesPort:
        return self._engine.coordination.notices

    def start(self) -> None:
        """Take part; the application ends the timer."""
        self._port.attach(self.tell)
        self._app.set_interval(INTERVAL, self.look)

    def stop(self) -> None:
        """Give the terminal its title back."""
        if self._title is not None:
            self._write(GIVE_BACK_TITLE)
            self._title = None

    def tell(self, summons: Summons) -> None:
        """Ring the bell, and have the terminal show a notice if it can."""
        text = clean_line(headline_of(summons))
        if self._port.rules.bell:
            self._write(BELL)
        if self._sequence:
            self._write(desktop_notice(self._sequence, ours("cockpit"), text, multiplexed=self._multiplexed))

    def look(self) -> None:
        """Set the title if another is due, and say whom the operator looks at."""
        self._tells_focus = self._tells_focus or not self._app.app_focus
        self._port.attend(self._attended())
        if self._port.rules.title and self._engine.revision != self._title_of:
            self._title_of = self._engine.revision
            title = self._due_title()
            if title != self._title:
                if self._title is None:
                    self._write(KEEP_TITLE)
                self._title = title
                self._write(title_of(title))

    def _attended(self) -> tuple[AgentId, ...]:
        looks = self._app.app_focus and (self._tells_focus or self._quiet_for() < ATTENTIVE)
        if not looks:
            return ()
        for screen in reversed(self._app.screen_stack):
            if isinstance(screen, ActionScreen):
                return screen.shows_agents()
        return ()

    def _due_title(self) -> Clean:
        # The screens counted it already: one count for a snapshot is enough.
        wanted = self.tallies.of(self._engine.fleet, self._engine.now())
        counts = f"?{wanted.waiting} " if wanted.waiting else ""
        return our_line("{}cockpit · {}", counts, self._engine.fleet.source)
