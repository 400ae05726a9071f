"""The way at the top is clicked, once or twice, and two keys lead back and forward over all screens."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot

from cockpit.ui.screens.action_screen import ActionScreen
from cockpit.ui.screens.home.screen import HomeScreen
from tests.remote.waiting import until
from tests.ui.test_clicks import place_of
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn

pytestmark = pytest.mark.usefixtures("short_pauses")


LINE = 2
"""Where the way stands once an agent's screen is laid out."""


def here(pilot: Pilot[None]) -> tuple[str, str]:
    """Return which screen is in view, and whom it is about."""
    screen = pilot.app.screen
    assert isinstance(screen, ActionScreen)
    agent = screen.situation().agent if screen.NAME == "agent" else None
    return screen.NAME, agent.name if agent is not None else ""


def click(pilot: Pilot[None], place: tuple[int, int], times: int) -> None:
    """Let the terminal say that the mouse was clicked at a place, so many times at once."""
    column, line = place
    for _ in range(times):
        for kind in (events.MouseDown, events.MouseUp):
            pilot.app.post_message(kind(None, column, line, 0, 0, 1, False, False, False, column, line))


@pytest.mark.parametrize("times", [1, 2])
async def test_each_step_of_the_way_leads_there_and_a_second_click_does_nothing_more(times: int) -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("down", "down", "enter")
        await until(lambda: here(pilot) == ("agent", "w-docs") and "◂ fleet ▸" in drawn(pilot.app).split("\n")[LINE])
        column, line = place_of("lt-api", drawn(pilot.app))
        assert line == LINE
        click(pilot, (column + 1, line), times)
        await until(lambda: here(pilot) == ("agent", "lt-api"))
        await until(lambda: "lt-api   " in drawn(pilot.app).split("\n")[line])
        click(pilot, place_of("fleet", drawn(pilot.app)), times)
        await until(lambda: here(pilot) == ("home", ""))
        await pilot.pause()
        assert isinstance(pilot.app.screen, HomeScreen) and pilot.app.screen_stack == [home]
        assert home.pane == "agents" and not home.strip.has_keys and engine.ordered == []


async def test_back_and_forward_lead_over_all_screens() -> None:
    async with cockpit() as (pilot, _home, engine):
        await pilot.press("down", "enter")
        await until(lambda: here(pilot) == ("agent", "lt-api"))
        way = [("home", ""), ("agent", "lt-api")]
        for key, name in (("b", "board"), ("N", "feed"), ("g", "grid")):
            await pilot.press(key)
            await until(lambda name=name: here(pilot)[0] == name)  # type: ignore[misc]
            way.append((name, ""))
        for place in reversed(way[:-1]):
            await pilot.press("left_curly_bracket")
            await until(lambda place=place: here(pilot) == place)  # type: ignore[misc]
        for place in way[1:]:
            await pilot.press("right_curly_bracket")
            await until(lambda place=place: here(pilot) == place)  # type: ignore[misc]
        assert engine.ordered == []
