"""The command palette: every action of the registry by name, with its key and why it cannot be done now."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from cockpit.text.sanitize import clean_line
from cockpit.ui.actions.registry import ACTIONS, Action, Situation, disabled_reason, hidden, key_labels
from cockpit.ui.screens.home import HomeScreen


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
        home = self._home()
        if home is None:
            return []
        situation = home.situation()
        return [
            (action, situation) for action in ACTIONS if not hidden(action, situation) and action.id != "app.palette"
        ]

    def _home(self) -> HomeScreen | None:
        return self.screen if isinstance(self.screen, HomeScreen) else None

    def _display(self, action: Action) -> Content:
        return Content(f"{action.label}   {key_labels(action.keys)}".rstrip())

    def _help(self, action: Action, situation: Situation) -> str:
        """Say what it does or why not. The framework reads this text as markup, so it must hold no bracket."""
        reason = clean_line(disabled_reason(action, situation)).replace("[", "(").replace("]", ")")
        return f"not now: {reason}" if reason else action.description

    def _command(self, action: Action) -> partial[None]:
        home = self._home()
        assert home is not None
        return partial(home.try_action, action.id)
