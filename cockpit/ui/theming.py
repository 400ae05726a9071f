"""The themes of one screen: those that are shipped and the operator's own, which are read again when they are saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.model.preferences import PreferencesPort
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.agent_colours import LEAST
from cockpit.ui.look.themes import OwnTheme, load_themes, read_theme, theme_directories
from cockpit.ui.widgets.notice import notice

if TYPE_CHECKING:
    from textual.app import App

RELOAD_INTERVAL = 1.0
"""Seconds between two looks whether a theme of the operator was saved."""

CHOICE = "theme"
"""The name under which the theme that was picked is kept."""

Saved = dict[Path, tuple[int, int]]
"""When each file was saved last, and how large it is."""


async def kept_theme(preferences: PreferencesPort, configured: str) -> str:
    """Return the theme that was picked in a cockpit before; what config.toml says, if that changed since.

    Args:
        preferences: what is kept.
        configured: what config.toml says.
    """
    try:
        kept = json.loads(await preferences.read(CHOICE) or "{}")
    except ValueError:
        kept = {}
    return str(kept.get("theme") or configured) if kept.get("instead_of") == configured else configured


class Themes:
    """What can be worn, and what is."""

    def __init__(
        self, app: App[None], preferences: PreferencesPort, own: Path | None = None, configured: str = ""
    ) -> None:
        """Prepare.

        Args:
            app: who wears them.
            preferences: where the choice is kept.
            own: the directory of the operator's own.
            configured: what config.toml says.
        """
        self._app = app
        self._preferences = preferences
        self._own = own
        self._configured = configured
        self._saved: Saved = {}
        self._told: dict[Path, str] = {}
        """What was said of each file that cannot be read."""

    @property
    def contrast(self) -> float:
        """How much text of agents stands out in what is worn."""
        worn = self._app.current_theme
        return worn.contrast if isinstance(worn, OwnTheme) else LEAST

    def load(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Register what there is; return the names, and what is wrong with files."""
        directories = theme_directories() if self._own is None else (self._own, *theme_directories())
        loaded = load_themes(directories)
        self._saved = self._look()
        for theme in loaded.themes:
            self._app.register_theme(theme)
        return tuple(theme.name for theme in loaded.themes), loaded.problems

    def keep(self, name: str) -> None:
        """Keep a theme for the cockpits to come."""
        self._preferences.keep(CHOICE, json.dumps({"theme": name, "instead_of": self._configured}))

    def reload(self) -> tuple[str, ...]:
        """Read what was saved since the last look; what is worn changes at once. Return the names that are new."""
        now = self._look()
        changed = [path for path, stamp in now.items() if self._saved.get(path) != stamp]
        self._saved = now
        added: list[str] = []
        for path in changed:
            try:
                theme = read_theme(path)
            except ValueError as error:
                self._say(clean_line(str(error)), failed=True)
                continue
            added.append(theme.name)
            self._app.register_theme(theme)
            if self._app.theme == theme.name:
                self._app._watch_theme(theme.name)
                self._say(our_line("{} was read again", theme.name))
        return tuple(added)

    def _look(self) -> Saved:
        found: Saved = {}
        for path in self._own.glob("*.toml") if self._own is not None else ():
            try:
                status = path.stat()
            except OSError:
                continue  # it went between the two
            found[path] = (status.st_mtime_ns, status.st_size)
        return found

    def _say(self, text: Clean, *, failed: bool = False) -> None:
        notice(self._app, text, title=ours("Theme"), severity="warning" if failed else "information", timeout=8)
