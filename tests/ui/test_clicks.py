"""What a key does a click does, too: on the keys at the bottom, on what waits, on what is counted."""

from __future__ import annotations

import pytest
from textual import events

from cockpit.ui.dialogs.inbox.dialog import InboxDialog
from tests.remote.waiting import until
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn
from tests.ui.test_key_gate import settled

pytestmark = pytest.mark.usefixtures("short_pauses")


def place_of(text: str, shown: str) -> tuple[int, int]:
    """Return where a text begins on the screen: column and line."""
    return next((line.index(text), at) for at, line in enumerate(shown.split("\n")) if text in line)


async def test_keys_and_counts_can_be_clicked() -> None:
    async with cockpit() as (pilot, home, _engine):
        await pilot.click(offset=place_of("spawn", drawn(pilot.app)))
        await pilot.pause()
        assert pilot.app.screen is not home
        await pilot.press("escape")
        await until(lambda: pilot.app.screen is home and home.strip.outer_size.height > 0)
        await pilot.click(offset=place_of("prompt", drawn(pilot.app)))
        await until(lambda: home.pane == "composer")
        await pilot.press("escape")
        await pilot.click(offset=place_of("wait for you", drawn(pilot.app)))
        await pilot.pause()
        assert home.strip.has_focus
        await pilot.press("escape")
        await pilot.click(offset=place_of("blocked", drawn(pilot.app).split("\n")[0]))
        await pilot.pause()
        assert isinstance(pilot.app.screen, InboxDialog)


async def test_the_scroll_mark_of_the_output_is_pulled_and_selects_nothing() -> None:
    async with cockpit(size=(120, 40)) as (pilot, home, _):
        await pilot.press("down")
        await pilot.pause()
        place = home.output.content_region
        column = place.right - 1
        lines = drawn(pilot.app).split("\n")
        assert (lines[place.y][column], lines[place.bottom - 1][column]) == (" ", "▐"), "it follows what comes"

        def mouse(kind: type[events.MouseEvent], y: int) -> events.MouseEvent:
            return kind(None, column, y, 0, 0, 1, False, False, False, column, y)

        pilot.app.post_message(mouse(events.MouseDown, place.bottom - 1))
        await settled(pilot)
        for y in range(place.bottom - 2, place.y - 1, -1):
            pilot.app.post_message(mouse(events.MouseMove, y))
        await settled(pilot)
        pilot.app.post_message(mouse(events.MouseUp, place.y))
        await settled(pilot)
        lines = drawn(pilot.app).split("\n")
        assert (lines[place.y][column], lines[place.bottom - 1][column]) == ("▐", " "), "it stands at the beginning"
        assert pilot.app.screen.get_selected_text() is None
