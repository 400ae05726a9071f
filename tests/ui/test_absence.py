"""Who comes back finds what happened in one place; a key of a line goes to its agent, and `0` shows it again."""

from __future__ import annotations

import pytest

from cockpit.model.away import AWAY_AFTER, Away, AwayLine, Happened
from cockpit.model.content import Usage
from cockpit.ui.absence import LAST_KEY, SETTLING, Absence
from cockpit.ui.app import CockpitApp
from cockpit.ui.dialogs.away import AwayDialog
from cockpit.ui.screens.board import BoardScreen
from cockpit.ui.screens.home.screen import HomeScreen
from tests.remote.waiting import until
from tests.ui.scene import scene


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_what_happened_is_shown_once_and_again_by_its_key(size: tuple[int, int]) -> None:
    engine = scene()
    agent = engine.fleet.agents[-1]
    line = AwayLine(Happened.FAILED, agent.id, agent.name, 2, engine.clock - 60, "\x1b[31moverloaded")
    engine.coordination.away.found = Away(0.0, engine.clock, (line,), ((agent.name, Usage(5, 5, 0, 0, 1.5)),))
    app = CockpitApp(engine)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        quiet = [0.0]
        absence = Absence(app, engine, lambda: quiet[0])
        await absence.look()
        assert isinstance(app.screen, HomeScreen)
        quiet[0] = AWAY_AFTER + 1
        await absence.look()
        await pilot.pause()
        assert isinstance(app.screen, AwayDialog)
        assert engine.coordination.away.asked == [engine.clock - AWAY_AFTER - 1]
        await pilot.press("1")
        await until(lambda: getattr(app.screen, "selected", None) == agent.id)  # it takes several refreshes
        # It comes once for an absence, and by its key again.
        await absence.look()
        assert isinstance(app.screen, HomeScreen)
        await pilot.press("0")
        await pilot.pause()
        assert isinstance(app.screen, AwayDialog)
        await pilot.press("escape")
        await pilot.pause()
        # So it is on a screen over the home screen.
        await pilot.press("b", "0")
        await until(lambda: [type(one) for one in app.screen_stack[-2:]] == [BoardScreen, AwayDialog])
        await pilot.press("escape", "escape")
        await pilot.pause()
        # At a start after a while it is shown too, since the last key in any cockpit.
        quiet[0] = SETTLING + 1
        engine.coordination.preferences.kept[LAST_KEY] = f"{engine.clock - 7200:.0f}"
        another = Absence(app, engine, lambda: quiet[0])
        engine.clock += SETTLING
        await another.look()
        await pilot.pause()
        assert isinstance(app.screen, AwayDialog)
        assert engine.coordination.away.asked[-1] == engine.clock - SETTLING - 7200
        # After a short one it is not, and the key counts from that last key on all the same.
        await pilot.press("escape")
        last = engine.clock - 90
        engine.coordination.preferences.kept[LAST_KEY] = f"{last:.0f}"
        short = Absence(app, engine, lambda: 0.0)
        engine.clock += SETTLING
        asked = len(engine.coordination.away.asked)
        await short.look()
        assert len(engine.coordination.away.asked) == asked and short.since == last
