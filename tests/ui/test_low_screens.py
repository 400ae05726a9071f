"""Low screens: a dialog says how one leaves it, the help takes another width, and an answer hides no agents."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App

from cockpit.ui.widgets.plain import Plain
from tests.remote.waiting import until
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn

pytestmark = pytest.mark.usefixtures("short_pauses")


def way_out_is_seen(app: App[Any]) -> bool:
    """Tell whether the footer's place alone holds the keys of the dialog in front, the way out among them."""
    *above, last = drawn(app).splitlines()
    way_out = last[last.find("esc ") :].split("  ")[0]
    once = way_out.startswith("esc ") and not any(way_out in line for line in above)
    return once and "prompt" not in last and app.screen.query_one("#frame").region.bottom < app.size.height


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)], ids=["60x20", "80x24", "120x40"])
async def test_a_dialog_shows_its_own_keys_in_the_footers_place(size: tuple[int, int]) -> None:
    async with cockpit(size=size) as (pilot, home, _):
        for key in ("question_mark", "Q", "U", "n", "t", "I"):
            await pilot.press(key)
            await until(lambda: pilot.app.screen is not home and way_out_is_seen(pilot.app))
            await pilot.press("escape")
            await until(lambda: pilot.app.screen is home)


@pytest.mark.parametrize("size", [(60, 20), (80, 24)], ids=["60x20", "80x24"])
async def test_the_agents_stay_in_sight_while_a_question_has_the_keys(size: tuple[int, int]) -> None:
    async with cockpit(size=size) as (pilot, home, _):
        await pilot.press("exclamation_mark")
        await until(lambda: home.query_one("#needs-you").has_focus)
        await until(lambda: home.query_one("#agents").size.height > 2)


async def test_the_help_is_broken_anew_for_another_width() -> None:
    async with cockpit(size=(120, 40)) as (pilot, home, _):
        await pilot.press("question_mark")
        await until(lambda: pilot.app.screen is not home)
        await pilot.resize_terminal(60, 20)
        # What an act does stands below its name there, by four cells.
        text = pilot.app.screen.query_one("#text", Plain)
        await until(lambda: "\n    Write a prompt that starts a run" in str(text.content))
