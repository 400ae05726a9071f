"""`u` undoes the last act, the newest first; the line says so for some seconds; `T` shows what was done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.acts import DoneAct
from cockpit.model.commands.vm import Pause, Resume
from cockpit.model.fleet import Fleet, Power
from cockpit.model.ids import AgentId, CommandId, VmId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.undoing import UNDO_SECONDS, Undoable
from cockpit.ui.app import CockpitApp
from cockpit.ui.dialogs.acts import ActsDialog
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.undo import LastAct, LastActs, UndoBar
from tests.ui.fake_engine import FakeEngine
from tests.ui.scene import scene


def finish(engine: FakeEngine, stage: Stage = Stage.DONE) -> None:
    """Let all orders come to their end."""
    receipts = tuple(replace(one, stage=stage) for one in engine.fleet.receipts)
    engine.change(replace(engine.fleet, receipts=receipts))


def of_undo(acts: LastActs) -> str:
    """Return what the next undo means."""
    return acts.newest.said if acts.newest is not None else ""


def test_undo_means_the_newest_act_that_stands_and_one_under_way_is_taken_back_once_it_is_done() -> None:
    acts, stands = LastActs(), [True]
    taken: list[LastAct] = []
    nothing = Fleet()
    acts.done("moved", lambda: None, 1.0)
    acts.done("marked", lambda: None, 2.0, holds=lambda: stands[0])
    assert acts.line(2.0) == "marked" and of_undo(acts) == "marked"
    stands[0] = False  # the marks were used
    assert acts.line(2.0) == "moved" and of_undo(acts) == "moved"
    ordered = Receipt(CommandId("c"), AgentId("a"), "pause", "", Stage.WRITTEN, 3.0)
    acts.ordered(Undoable("paused", Resume(VmId("v"))), ordered.id, 3.0)
    assert acts.line(3.0) == "moved"
    assert acts.take(taken.append) is not None and not taken
    # While that goes on, another undo means what was done before it.
    assert of_undo(acts) == "moved"
    acts.flush(replace(nothing, receipts=(ordered,)), 4.0)
    assert not taken
    acts.flush(replace(nothing, receipts=(replace(ordered, stage=Stage.DONE),)), 5.0)
    assert [act.said for act in taken] == ["paused"]
    acts.flush(replace(nothing, receipts=(replace(ordered, stage=Stage.DONE),)), 6.0)
    assert len(taken) == 1 and acts.line(6.0) == "moved"


def stand(home: HomeScreen, engine: FakeEngine, power: Power) -> None:
    """Let all VMs stand so, and the screen take it in."""
    engine.change(replace(engine.fleet, vms=tuple(replace(one, power=power) for one in engine.fleet.vms)))
    home.bridge.flush()


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
        # The line promises nothing that is not done. The key means that act all the same, and not one before it.
        assert not bar.display
        await pilot.press("u")
        assert engine.ordered == [Pause(vm.id, now=True)]
        finish(engine)
        stand(home, engine, Power.PAUSED)
        assert engine.ordered == [Pause(vm.id, now=True), Resume(vm.id)]
        engine.ordered.clear()
        stand(home, engine, Power.RUNNING)
        home.command(Pause(vm.id, now=True))
        finish(engine)
        stand(home, engine, Power.PAUSED)
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
