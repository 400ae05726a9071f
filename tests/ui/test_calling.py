"""The screen rings, names what waits in the title, and says whom the operator looks at."""

from __future__ import annotations

import pytest

from cockpit.model.fleet import Fleet
from cockpit.model.ids import AgentId
from cockpit.model.inbox.entries import Inbox, inbox
from cockpit.model.notices.condition import Condition
from cockpit.model.notices.notifier import CalledFact, Occasion, Summons
from cockpit.model.notices.port import HookOutcome
from cockpit.model.notices.rules import NoticeRules
from cockpit.ui import tallies
from cockpit.ui.app import CockpitApp
from cockpit.ui.calling import ATTENTIVE, Caller
from cockpit.ui.screens.home.screen import HomeScreen
from tests.ui.scene import scene


@pytest.mark.usefixtures("short_pauses")
async def test_calls_title_and_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = scene()
    notices = engine.coordination.notices
    notices.rules = NoticeRules(desktop="777")
    app = CockpitApp(engine)
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        written: list[str] = []
        quiet = [0.0]
        caller = Caller(app, engine, write=written.append, quiet_for=lambda: quiet[0], environment={})
        caller.tallies = app._caller.tallies
        caller.look()
        assert written == ["\x1b[22;2t", "\x1b]2;?2 cockpit · embedded\x1b\\"]
        # The screen counts for all: nothing is counted a second time for a title.
        home = app.screen
        assert isinstance(home, HomeScreen) and home.tallies is caller.tallies
        counted: list[float] = []

        def count(fleet: Fleet, now: float) -> Inbox:
            counted.append(now)
            return inbox(fleet, now)

        monkeypatch.setattr(tallies, "inbox", count)
        engine.change(engine.fleet)
        home.tallies.of(engine.fleet, engine.now())
        counted.clear()
        caller.look()
        assert counted == []
        selected = app.screen.selected  # type: ignore[attr-defined]
        assert isinstance(selected, str)
        assert notices.attended == {AgentId(selected)}
        # Nobody pressed a key for long, and the terminal does not say who has the focus.
        quiet[0] = ATTENTIVE + 1
        caller.look()
        assert notices.attended == frozenset()
        # One that says so is believed.
        app.app_focus = False
        caller.look()
        app.app_focus = True
        caller.look()
        assert notices.attended == {AgentId(selected)}
        written.clear()
        said = Condition("k", "asking", "w-1 asks: \x1b]0;evil\x07which?", True)
        caller.tell(Summons(Occasion.URGENT, (CalledFact(said),), 0.0))
        assert written == ["\x07", "\x1b]777;notify;cockpit;w-1 asks: which?\x1b\\"]
        caller.stop()
        assert written[-1] == "\x1b[23;2t"
        # The act says what each means did.
        notices.outcome = HookOutcome("false", "it ended with 1")
        app.screen.try_action("notify.test")  # type: ignore[attr-defined]
        await pilot.pause()
        await pilot.pause()
        assert notices.tests == 1
        assert any("hook: fails: it ended with 1" in one.message for one in app._notifications)
