"""The screens that stand over the home screen, by the names that actions call them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual.screen import Screen

from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.screens.agent.screen import AgentScreen
from cockpit.ui.screens.board import BoardScreen
from cockpit.ui.screens.feed import FeedScreen
from cockpit.ui.screens.grid.screen import GridScreen
from cockpit.ui.screens.search import SearchScreen
from cockpit.ui.screens.timeline import TimelineScreen

OVER_HOME: Mapping[str, Callable[[HomePort, str], Screen[None]]] = {
    "agent": AgentScreen,
    "board": BoardScreen,
    "feed": FeedScreen,
    "search": SearchScreen,
    "grid": GridScreen,
    "timeline": TimelineScreen,
}
