"""What a key does a click does, too: on the keys at the bottom, on what waits, on what is counted."""

from __future__ import annotations

import pytest

from cockpit.ui.dialogs.inbox.dialog import InboxDialog
from tests.remote.waiting import until
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn

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
