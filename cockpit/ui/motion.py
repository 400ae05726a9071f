"""Low motion: nothing on the screen moves but by what is new; a choice that is kept for the cockpits to come."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.widget import Widget
from textual.widgets import Input, TextArea

from cockpit.model.preferences import PreferencesPort

if TYPE_CHECKING:
    from textual.app import App

CHOICE = "low motion"
"""The name under which the choice is kept."""

VARIABLE = "COCKPIT_LOW_MOTION"
"""Set to anything but 0 it wants low motion, whatever was chosen or configured."""


def asked_by(environment: Mapping[str, str]) -> bool:
    """Say whether the environment wants low motion."""
    return environment.get(VARIABLE, "") not in ("", "0")


async def kept_motion(
    preferences: PreferencesPort, configured: bool, environment: Mapping[str, str] = os.environ
) -> bool:
    """Return whether low motion is wanted: by the environment, as it was chosen in a cockpit before, as configured.

    Args:
        preferences: what is kept.
        configured: what config.toml says; if that changed since the choice, it counts.
        environment: the variables of the process.
    """
    if asked_by(environment):
        return True
    try:
        kept = json.loads(await preferences.read(CHOICE) or "{}")
    except ValueError:
        kept = {}
    if not isinstance(kept, dict) or kept.get("instead_of") is not configured:
        return configured
    return kept.get("low_motion") is True


class Motion:
    """Whether parts of the screen may move by themselves: cursors that blink, lists that glide, dots that run."""

    def __init__(self, app: App[None], preferences: PreferencesPort, *, low: bool, configured: bool) -> None:
        """Prepare.

        Args:
            app: what moves, or does not.
            preferences: where the choice is kept.
            low: nothing shall move by itself.
            configured: what config.toml says.
        """
        self._app = app
        self._preferences = preferences
        self._configured = configured
        self._usual = app.animation_level
        self.low = low
        if low:
            app.animation_level = "none"

    def turn(self) -> None:
        """Choose the other, here and in the cockpits to come."""
        self.low = not self.low
        self._app.animation_level = "none" if self.low else self._usual
        for screen in self._app.screen_stack:
            if screen.focused is not None:
                self.still(screen.focused)
        self._preferences.keep(CHOICE, json.dumps({"low_motion": self.low, "instead_of": self._configured}))

    def still(self, field: Widget) -> None:
        """Have the cursor of a field blink, or stand."""
        if isinstance(field, Input | TextArea) and field.cursor_blink is self.low:
            field.cursor_blink = not self.low
