"""The cockpit itself: help, palette, theme, leaving."""

from __future__ import annotations

from cockpit.text.clean import ours
from cockpit.ui.actions.action import PANES, Action
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.dialogs.dialog import TextDialog


def _help(home: HomePort) -> None:
    home.open_dialog(TextDialog(ours("Keys"), home.key_help(), classes="wide"))


def _palette(home: HomePort) -> None:
    home.app.action_command_palette()


def _theme(home: HomePort) -> None:
    names = sorted(theme for theme in home.app.available_themes if not theme.startswith("textual"))
    ours = [name for name in names if name in getattr(home.app, "own_themes", ())] or names
    at = ours.index(home.app.theme) if home.app.theme in ours else -1
    home.app.theme = ours[(at + 1) % len(ours)]


def _quit(home: HomePort) -> None:
    home.app.exit()


ACTIONS: tuple[Action, ...] = (
    Action("app.help", "question_mark", "help", "Cockpit", "Show all keys", _help, panes=(*PANES, "composer")),
    Action("app.palette", "ctrl+p", "palette", "Cockpit", "Find any action by name", _palette, panes=PANES),
    Action("app.theme", "", "theme", "Cockpit", "Wear the next theme", _theme),
    Action("app.quit", "q,ctrl+q", "detach", "Cockpit", "Leave the cockpit; every agent goes on", _quit, panes=PANES),
)
