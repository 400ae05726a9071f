"""The command palette: every action of the registry by name, with its key and why it cannot be done now."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from cockpit.text.sanitize import clean_line
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.keys import key_labels
from cockpit.ui.actions.registry import ACTIONS, disabled_reason, hidden
from cockpit.ui.look.cells import content, cut, fit
from cockpit.ui.screens.action_screen import ActionScreen

MOST_HELP = 200
"""Cells of what is said of an action: a reason may hold a name as long as whoever gave it liked."""

LABEL_WIDTH, KEY_WIDTH = 37, 11
"""Cells of the columns of names and of keys."""


class ActionProvider(Provider):
    """Searches the registry."""

    async def search(self, query: str) -> Hits:
        """Yield the actions that match."""
        matcher = self.matcher(query)
        for action, situation in self._offered():
            score = matcher.match(f"{action.label} {action.description}")
            if score > 0:
                yield Hit(score, self._display(action), self._command(action), help=self._help(action, situation))

    async def discover(self) -> Hits:
        """Yield all actions before anything is typed."""
        for action, situation in self._offered():
            yield DiscoveryHit(self._display(action), self._command(action), help=self._help(action, situation))

    def _offered(self) -> list[tuple[Action, Situation]]:
        screen = self._acting()
        if screen is None:
            return []
        situation = screen.situation()
        return [
            (action, situation)
            for action in (*ACTIONS, *screen.own.values())
            if not hidden(action, situation) and screen.offers(action) and action.id != "app.palette"
        ]

    def _acting(self) -> ActionScreen | None:
        return self.screen if isinstance(self.screen, ActionScreen) else None

    def _display(self, action: Action) -> Content:
        label, keys = fit(clean_line(action.label), LABEL_WIDTH), fit(clean_line(key_labels(action.keys)), KEY_WIDTH)
        return content([(label, ""), (keys, "$accent"), (clean_line(action.group), "$muted")])

    def _help(self, action: Action, situation: Situation) -> str:
        """Say what it does or why not. The framework reads this text as markup, so it must hold no bracket."""
        reason = disabled_reason(action, situation)
        said = cut(clean_line(f"not now: {reason}" if reason else action.description), MOST_HELP)
        return said.replace("[", "(").replace("]", ")")

    def _command(self, action: Action) -> partial[None]:
        screen = self._acting()
        assert screen is not None
        return partial(screen.try_action, action.id)
