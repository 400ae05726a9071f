"""Letters lead to areas and to rows, here and on the screens over home; whatever else is typed leads nowhere."""

from __future__ import annotations

import pytest

from cockpit.ui.jump.screen import JumpScreen
from cockpit.ui.screens.agent.screen import AgentScreen
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn

pytestmark = pytest.mark.usefixtures("short_pauses")


def label_before(text: str, shown: str, letters: int) -> str:
    """Return the label that stands where a row begins."""
    line = next(line for line in shown.split("\n") if text in line)
    return line.lstrip("│ ")[:letters]


async def test_letters_lead_to_rows_and_areas() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("semicolon")
        await pilot.pause()
        label = label_before("w-tokens  worker", drawn(pilot.app), 2)
        assert label.isalpha()
        await pilot.press(*label)
        await pilot.pause()
        assert pilot.app.screen is home and home.agent is not None and home.agent.name == "w-tokens"
        await pilot.press("semicolon", "escape", "4", "semicolon", "0", "escape")
        await pilot.pause()
        assert home.pane == "output" and engine.ordered == []
        await pilot.press("1", "enter", "semicolon")
        await pilot.pause()
        assert isinstance(pilot.app.screen, JumpScreen)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, AgentScreen)
