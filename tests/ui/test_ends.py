"""Destroying and bringing back, on the screen: what would be lost, the second question, and the way back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import TextArea

from cockpit.model.commands.agent import FollowUp, Prompt
from cockpit.model.commands.life import Destroy, Relaunch, Restore, Undo
from cockpit.model.commands.vm import Checkpoint, Commit, Retry
from cockpit.model.fleet import Fleet, Process, ProcessState
from cockpit.model.ids import CommitId, OperationId, agent_of
from cockpit.model.kept import KEEP_STEP, KeptCommit, KeptFor, KeptState
from cockpit.model.loss import Remains, Repository
from cockpit.model.operation import Operation, Step
from cockpit.model.receipts.receipt import Stage
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.destroy import DestroyDialog
from cockpit.ui.dialogs.form import FormDialog, GuardedForm
from cockpit.ui.dialogs.pick import PickDialog
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.writing.composer import Composer
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.scene import scene, vm_id
from tests.ui.test_home import cockpit


def said(dialog: DestroyDialog) -> str:
    """Return what stands in the question."""
    return "\n".join(str(dialog.query_one(part, Plain).content) for part in ("#targets", "#consequence"))


async def test_the_question_says_what_would_be_lost_and_what_is_unknown() -> None:
    engine = scene()
    engine.losses.remains[vm_id(5)] = Remains((Repository("/w/app", 2, 1, 0),), processes=("pytest -q",))
    async with cockpit(engine) as (pilot, _home, _):
        await pilot.press("down", "down", "D")
        await pilot.pause()
        dialog = pilot.app.screen
        assert isinstance(dialog, DestroyDialog)
        await pilot.app.workers.wait_for_complete()
        text = said(dialog)
        assert str(vm_id(5)) in text
        assert "/w/app: 2 files not committed, 1 commit not pushed" in text and "1 process: pytest -q" in text
        assert "undo" in text and "keys" in text
        await pilot.press("escape", "up", "D")
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        assert isinstance(pilot.app.screen, DestroyDialog)
        assert "unknown: uncommitted and unpushed work" in said(pilot.app.screen)
    assert engine.ordered == []


def failed_at(engine: FakeEngine, step: str, error: str) -> Fleet:
    """Return the fleet after the last command failed at a step."""
    receipt = replace(engine.fleet.receipts[-1], stage=Stage.FAILED, reason=error)
    operation = Operation(OperationId(receipt.id), "destroy", "x", NOW, (Step(step, NOW, NOW + 1, error),), NOW + 1)
    return replace(engine.fleet, receipts=(*engine.fleet.receipts[:-1], receipt), operations=(operation,))


@pytest.mark.parametrize(("step", "again"), [(KEEP_STEP, True), ("delete VM", False)])
async def test_where_no_commit_can_be_taken_it_is_asked_once_more(step: str, again: bool) -> None:
    engine = scene()
    async with cockpit(engine) as (pilot, home, _):
        await pilot.press("down", "down", "D")
        await pilot.pause()
        dialog = pilot.app.screen
        assert isinstance(dialog, DestroyDialog)
        dialog.dismiss(True)
        await pilot.pause()
        (first,) = engine.ordered
        assert isinstance(first, Destroy) and first.undo
        engine.change(failed_at(engine, step, "the host has no room"))
        home.bridge.flush()
        await pilot.pause()
        second = pilot.app.screen
        assert isinstance(second, DestroyDialog) is again
        if isinstance(second, DestroyDialog):
            assert "the host has no room" in said(second) and "for good" in said(second)
            second.dismiss(True)
            await pilot.pause()
            assert engine.ordered[1:] == [replace(first, undo=False)]


async def test_who_would_begin_anew_is_relaunched_after_a_question() -> None:
    engine = scene()
    agent = engine.fleet.agent(agent_of(vm_id(1)))
    assert agent is not None
    forgetful = replace(agent, conversation_kept=False, turns=1, process=Process(ProcessState.DEAD))
    agents = tuple(forgetful if one is agent else one for one in engine.fleet.agents)
    engine.change(replace(engine.fleet, agents=agents))
    async with cockpit(engine) as (pilot, home, _):
        home.select(agent.id)
        home.try_action("agent.relaunch")
        await pilot.pause()
        dialog = pilot.app.screen
        assert isinstance(dialog, ConfirmDialog) and engine.ordered == []
        assert "begins anew" in str(dialog.query_one("#consequence", Plain).content)
        dialog.dismiss(True)
        await pilot.pause()
        assert engine.ordered == [Relaunch(agent.id, anew=True)]


async def test_undo_lists_who_can_be_brought_back_and_only_those() -> None:
    engine = scene()
    kept = KeptCommit(
        "order",
        KeptFor.UNDO,
        KeptState.KEPT,
        NOW - 60,
        "us",
        vm_id(40),
        "ada",
        kind="lieutenant",
        commit=CommitId("c0ffee00"),
        expires_at=NOW + 3600,
    )
    async with cockpit(engine) as (pilot, _home, _):
        await pilot.press("u")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, PickDialog), "nothing is kept"
        spent = replace(kept, request="other", state=KeptState.RESTORED, commit=CommitId("c1"))
        engine.change(replace(engine.fleet, kept=(kept, spent)))
        await pilot.press("u")
        await pilot.pause()
        assert isinstance(pilot.app.screen, PickDialog)
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert engine.ordered == [Undo(CommitId("c0ffee00"))]


CHECKPOINT = KeptCommit(
    "order-2",
    KeptFor.CHECKPOINT,
    KeptState.KEPT,
    NOW - 60,
    "us",
    vm_id(1),
    "vitruvius",
    identity="{}",
    commit=CommitId("c0ffee01"),
    prompt="the wrong way",
)


async def test_a_switch_on_the_composer_has_a_commit_taken_before_each_text() -> None:
    engine = scene()
    agent = agent_of(vm_id(1))
    async with cockpit(engine) as (pilot, home, _):
        await pilot.press("p", "ctrl+o", *"go", "enter")
        await pilot.pause()
        assert engine.ordered == [Checkpoint(vm_id(1), Prompt(agent, "go"))]
        assert "commit first" in str(home.query_one(Composer).border_title)
        await pilot.press("ctrl+o", *"on", "enter")
        await pilot.pause()
        assert engine.ordered[1:] == [FollowUp(agent, "on")]


async def test_a_text_whose_commit_would_be_refused_stays_in_the_composer() -> None:
    engine = scene()
    engine.refusals[Checkpoint] = "no commit can be taken here"
    async with cockpit(engine) as (pilot, home, _):
        await pilot.press("p", "ctrl+o", *"go")
        await pilot.pause()
        composer = home.query_one(Composer)
        assert composer.refusal == "no commit can be taken here"
        await pilot.press("enter")
        await pilot.pause()
        assert engine.ordered == [] and composer.text == "go"
        await pilot.press("ctrl+o", "enter")
        await pilot.pause()
        assert engine.ordered == [Prompt(agent_of(vm_id(1)), "go")]


async def test_retry_goes_back_to_the_last_checkpoint_with_another_text() -> None:
    engine = scene()
    async with cockpit(engine) as (pilot, home, _):
        home.try_action("agent.retry")
        await pilot.pause()
        assert engine.ordered == [] and not isinstance(pilot.app.screen, GuardedForm), "there is no checkpoint"
        engine.change(replace(engine.fleet, kept=(CHECKPOINT,)))
        home.try_action("agent.retry")
        await pilot.pause()
        form = pilot.app.screen
        assert isinstance(form, GuardedForm)
        form.query_one("#text", TextArea).text = "the right way"
        form.action_submit()
        await pilot.pause()
        commit, agent = CommitId("c0ffee01"), agent_of(vm_id(1))
        assert engine.ordered == [Retry(vm_id(1), commit, Prompt(agent, "the right way"))]


async def test_a_form_says_what_would_be_refused_before_it_closes() -> None:
    engine = scene()
    engine.change(replace(engine.fleet, kept=(CHECKPOINT,)))
    async with cockpit(engine) as (pilot, home, _):
        for action, kind in (("agent.retry", Retry), ("vm.commit", Commit)):
            home.try_action(action)
            await pilot.pause()
            form = pilot.app.screen
            assert isinstance(form, FormDialog)
            engine.refusals[kind] = "not now"
            form.action_submit()
            await pilot.pause()
            assert pilot.app.screen is form and "not now" in str(form.query_one("#problem", Plain).content)
            await pilot.press("escape")
            await pilot.pause()
    assert engine.ordered == []


async def test_a_commit_can_be_restored_beside_who_goes_on() -> None:
    engine = scene()
    engine.change(replace(engine.fleet, kept=(CHECKPOINT,)))
    async with cockpit(engine) as (pilot, home, _):
        home.try_action("agent.restore")
        await pilot.pause()
        assert isinstance(pilot.app.screen, PickDialog)
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert engine.ordered == [Restore(CommitId("c0ffee01"))]
