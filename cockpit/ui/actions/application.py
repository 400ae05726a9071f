"""The cockpit itself: help, palette, theme, leaving."""

from __future__ import annotations

import os
from typing import Protocol, runtime_checkable

from cockpit.text.clean import ours
from cockpit.ui.actions.action import PANES, Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.palette import open_palette
from cockpit.ui.actions.wearing import theme_names, wear_theme
from cockpit.ui.dialogs.help import HelpDialog
from cockpit.ui.dialogs.themes import ThemeDialog
from cockpit.ui.terminal.colours import are_unwanted
from cockpit.ui.widgets.notice import notice


def _help(home: HomePort) -> None:
    home.open_dialog(HelpDialog(home.key_help))


def _theme(home: HomePort) -> None:
    """Let the operator pick one by looking at it."""
    app = home.app

    def wear(name: str) -> None:
        app.theme = name

    def finish(name: str | None) -> None:
        if name is not None:
            wear_theme(app, name)

    home.open_dialog(ThemeDialog(sorted(theme_names(app)), app.theme, wear), finish)


@runtime_checkable
class MovingApp(Protocol):
    """An application whose parts may move by themselves, or not."""

    motion: TurnsMotion


class TurnsMotion(Protocol):
    """Who keeps whether they may."""

    low: bool

    def turn(self) -> None:
        """Choose the other."""


def _motion(home: HomePort) -> None:
    app = home.app
    if isinstance(app, MovingApp):
        app.motion.turn()
        low = ours("Nothing moves but by what is new: no cursor blinks, nothing glides.")
        notice(app, low if app.motion.low else ours("Cursors blink, and lists glide."))


def _theme_shows(situation: Situation) -> str:
    return "NO_COLOR is set: there is none to be seen" if are_unwanted(os.environ) else ""


def _quit(home: HomePort) -> None:
    home.app.exit()


ACTIONS: tuple[Action, ...] = (
    Action(
        "app.help",
        "question_mark",
        "help",
        "Cockpit",
        "The manual: what counts here first; words search it",
        _help,
        panes=(*PANES, "composer"),
    ),
    Action(
        "app.palette",
        "ctrl+p",
        "palette",
        "Cockpit",
        "Find any act, agent or place by some letters",
        open_palette,
        panes=PANES,
    ),
    Action("app.theme", "", "theme", "Cockpit", "Pick a theme by looking at it; it is kept", _theme, _theme_shows),
    Action(
        "app.motion",
        "",
        "low motion",
        "Cockpit",
        "Have nothing move but by what is new, or let it again; it is kept",
        _motion,
    ),
    Action("app.quit", "q,ctrl+q", "detach", "Cockpit", "Leave the cockpit; every agent goes on", _quit, panes=PANES),
)
