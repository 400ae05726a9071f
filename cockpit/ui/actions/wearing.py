"""Which themes there are, and wearing one that was picked."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from textual.app import App


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
