"""Until an agent has a turn, what keeps the state of workspaces between turns is not loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.engine.state import TurnWatcher
    from cockpit.model.fleet import Agent


class FirstTurn:
    """Implements `cockpit.engine.state.TurnWatcher` by another, made when there is something to tell it."""

    def __init__(self, watcher: Callable[[], TurnWatcher]) -> None:
        self._watcher = watcher

    def text_sent(self, agent: Agent, text: str) -> None:
        """Pass on that a text is about to be sent to an agent."""
        self._watcher().text_sent(agent, text)

    def run_ended(self, agent: Agent) -> None:
        """Pass on that a run of an agent ended."""
        self._watcher().run_ended(agent)
