"""The cockpit itself: help, palette, theme, leaving."""

from __future__ import annotations

import os
from typing import Protocol, runtime_checkable

from textual.app import App

from cockpit.text.clean import ours
from cockpit.ui.actions.action import PANES, Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.dialogs.help import HelpDialog
from cockpit.ui.dialogs.themes import ThemeDialog
from cockpit.ui.terminal.colours import are_unwanted
from cockpit.ui.widgets.notice import notice


@runtime_checkable
class ThemedApp(Protocol):
    """An application that can wear themes."""

    own_themes: tuple[str, ...]
    themes: KeepsTheme


class KeepsTheme(Protocol):
    """Who keeps which theme was picked."""

    def keep(self, name: str) -> None:
        """Keep one."""


def theme_names(app: App[object]) -> tuple[str, ...]:
    """Return the themes that an application can wear."""
    return app.own_themes if isinstance(app, ThemedApp) else ()


def wear_theme(app: App[object], name: str) -> None:
    """Wear a theme that was picked, here and in the cockpits to come."""
    app.theme = name
    if isinstance(app, ThemedApp):
        app.themes.keep(name)


def _help(home: HomePort) -> None:
    home.open_dialog(HelpDialog(home.key_help))


def _palette(home: HomePort) -> None:
    home.app.action_command_palette()


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
    Action("app.palette", "ctrl+p", "palette", "Cockpit", "Find any action by name", _palette, panes=PANES),
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
