"""`u` undoes the last act, the newest first; the line says so for some seconds; `T` shows what was done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.acts import DoneAct
from cockpit.model.commands.vm import Pause, Resume
from cockpit.model.fleet import Power
from cockpit.model.receipts.receipt import Stage
from cockpit.model.undoing import UNDO_SECONDS
from cockpit.ui.app import CockpitApp
from cockpit.ui.dialogs.acts import ActsDialog
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.undo import UndoBar
from tests.ui.fake_engine import FakeEngine
from tests.ui.scene import scene


def finish(engine: FakeEngine, stage: Stage = Stage.DONE) -> None:
    """Let all orders come to their end."""
    receipts = tuple(replace(one, stage=stage) for one in engine.fleet.receipts)
    engine.change(replace(engine.fleet, receipts=receipts))


@pytest.mark.usefixtures("short_pauses")
async def test_a_pause_is_undone_by_one_key_and_what_was_done_is_shown() -> None:
    engine = scene()
    app = CockpitApp(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        home = app.screen
        assert isinstance(home, HomeScreen)
        vm = home.selected_vm()
        assert vm is not None
        bar = home.query_one(UndoBar)
        home.command(Pause(vm.id, now=True))
        home.bridge.flush()
        # Nothing is undone that is not done, and the line promises nothing.
        assert not (home.situation().undoes or home.query_one("#undo").display)
        finish(engine)
        vms = tuple(replace(one, power=Power.PAUSED) if one.id == vm.id else one for one in engine.fleet.vms)
        engine.change(replace(engine.fleet, vms=vms))
        home.bridge.flush()
        await pilot.pause()
        assert [bar.display] == [True]
        assert " ✓ paused " in str(bar.render()) and "u undo" in str(bar.render())
        engine.clock += UNDO_SECONDS + 1
        home.bridge.flush()
        assert [bar.display] == [False]
        # The key still undoes it.
        await pilot.press("u")
        await pilot.pause()
        assert engine.ordered == [Pause(vm.id, now=True), Resume(vm.id)]
        # An order that failed needs no undoing; what only the screen knows is undone by a function.
        undone: list[str] = []
        home.last_acts.done("marked 3", lambda: undone.append("marks"), engine.clock)
        home.command(Pause(vm.id, now=True))
        finish(engine, Stage.FAILED)
        home.bridge.flush()
        await pilot.press("u")
        await pilot.pause()
        assert undone == ["marks"]
        # A mark is an act too.
        await pilot.press("asterisk")
        await pilot.pause()
        assert [len(home.marks.agents)] == [1]
        await pilot.press("u")
        await pilot.pause()
        assert [len(home.marks.agents)] == [0]
        engine.coordination.acts.known = [DoneAct(engine.clock - 5, "pause", "atlas", "\x1b[31mred")]
        await pilot.press("T")
        await pilot.pause()
        assert isinstance(app.screen, ActsDialog)
        await pilot.press("escape")
