"""The timeline: a cell for each minute, what it says, and the line of the output that it leads to."""

from __future__ import annotations

import pytest

from cockpit.model.ids import AgentId
from cockpit.model.timeline.minute import AgentMinutes, Minute, Wait
from cockpit.ui.app import CockpitApp
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.screens.timeline import TimelineScreen
from cockpit.ui.widgets.plain import Plain
from tests.remote.waiting import until
from tests.ui.fake_engine import NOW
from tests.ui.hostile import HOSTILE
from tests.ui.scene import agents, scene

pytestmark = pytest.mark.usefixtures("short_pauses")

THIS = int(NOW // 60)


def rows() -> tuple[AgentMinutes, ...]:
    """Return the minutes of two agents that are there, and of one with a hostile name that is gone."""
    first, second = agents()[0], agents()[1]
    minutes = {
        THIS - 2: Minute(tool=60.0, cost=0.5, place=(1, 1), last=(1, 1)),
        THIS - 1: Minute(asking=30.0, tool=30.0),
    }
    return (
        AgentMinutes(second.id, second.name, {THIS: Minute(errors=1, thinking=3.0)}),
        AgentMinutes(first.id, first.name, minutes, (Wait((THIS - 1) * 60.0, (THIS - 1) * 60.0 + 30),)),
        AgentMinutes(AgentId("gone"), HOSTILE, {THIS: Minute(writing=9.0)}),
    )


async def test_a_minute_says_what_was_done_and_leads_there() -> None:
    engine = scene()
    engine.recorded.rows = rows()
    app = CockpitApp(engine)
    async with app.run_test(size=(100, 24)) as pilot:
        assert isinstance(app.screen, HomeScreen)
        app.screen.try_action("see.timeline")
        await until(lambda: isinstance(app.screen, TimelineScreen) and app.screen.is_mounted, 20)
        screen = app.screen
        assert isinstance(screen, TimelineScreen)
        await until(lambda: len(screen.rows.rows) == 3, 20)
        lines = [str(row.content) for row in screen.rows.rows]
        assert (
            lines[0].startswith(agents()[0].name[:4]) and "██???" in lines[0] and "?·" in lines[0] and "1m" in lines[0]
        )
        assert lines[0].index("█") < 13, "a history of three minutes has all columns"
        assert "from 1" in str(screen.query_one("#where", Plain).render())
        assert "✗" in lines[1] and "▓" in lines[2] and "\x1b" not in lines[2]

        def note() -> str:
            return str(screen.query_one("#notes", Plain).render())

        await until(lambda: "nothing to do" in note() and "waited 30s for you" in note(), 20)
        await pilot.press("w")
        await until(lambda: "waits for you 30s · tool 30s" in note(), 20)
        await pilot.press("left")
        await until(lambda: "tool 1m00s · $0.50" in note(), 20)
        await pilot.press("minus")
        await until(lambda: "a cell is 2 min" in str(screen.query_one("#where", Plain).render()), 20)
        await pilot.press("plus", "enter")
        await until(lambda: isinstance(app.screen, HomeScreen), 20)
        assert app.screen.selected == agents()[0].id
