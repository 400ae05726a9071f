"""Letters lead to areas and to rows, here and on the screens over home; whatever else is typed leads nowhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.ids import agent_of
from cockpit.ui.jump.screen import JumpScreen
from cockpit.ui.screens.agent.screen import AgentScreen
from tests.remote.waiting import until
from tests.ui.scene import vm_id
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn

pytestmark = pytest.mark.usefixtures("short_pauses")


def label_before(text: str, shown: str, letters: int) -> str:
    """Return the label that stands where a row begins."""
    line = next(line for line in shown.split("\n") if text in line)
    return line.lstrip("│ ")[:letters]


def line_of(text: str, shown: str) -> int:
    """Return the number of the first line that holds a text, 0 if none does."""
    return next((at for at, line in enumerate(shown.split("\n")) if text in line), 0)


async def test_letters_go_along_with_the_row_that_they_lead_to() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("semicolon")
        await pilot.pause()
        row = "w-tokens  worker"
        before = drawn(pilot.app)
        label = label_before(row, before, 2)
        other = replace(engine.fleet.agents[0], id=agent_of(vm_id(50)), vm_id=vm_id(50), name="aaa", parent="")
        engine.change(replace(engine.fleet, agents=(other, *engine.fleet.agents)))

        def moved() -> bool:
            shown = drawn(pilot.app)
            return line_of(row, shown) not in (0, line_of(row, before)) and label_before(row, shown, 2) == label

        await until(moved)
        await pilot.press(*label)
        await pilot.pause()
        assert home.agent is not None and home.agent.name == "w-tokens"


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
