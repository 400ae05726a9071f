"""The help breaks its lines itself, so that explanations stay in their column at any width."""

from __future__ import annotations

import pytest

from cockpit.ui.dialogs.help import HelpDialog
from cockpit.ui.widgets.plain import Plain
from tests.remote.waiting import until
from tests.ui.test_home import cockpit


@pytest.mark.parametrize("width", [60, 80, 120, 160, 220])
async def test_the_dialog_breaks_no_line_of_the_help_once_more(width: int) -> None:
    async with cockpit(size=(width, 40)) as (pilot, _, _):
        await pilot.press("question_mark")
        await until(lambda: isinstance(pilot.app.screen, HelpDialog))
        text = pilot.app.screen.query_one("#text", Plain)
        await until(lambda: bool(text.size.height))
        lines = str(text.content).split("\n")
        remarks = [line for line in lines if line and not line.startswith(" ")]  # whole sentences, at the foot
        assert [line for line in lines if line not in remarks and len(line) > text.size.width] == []
