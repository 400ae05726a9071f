"""The inbox: what nobody read comes back into the composer, failures are dismissed, and only what waits is counted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from cockpit.model.commands.inbox import PutOffEntry, TakeBackEntry
from cockpit.model.fleet import ActivityState, ProcessState
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.inbox.history import Decided, HowEnded
from cockpit.model.inbox.shelf import PutOff, Shelved
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.ui.dialogs.inbox.dialog import InboxDialog
from cockpit.ui.dialogs.put_off import PutOffDialog
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.widgets.bars import HeaderBar
from cockpit.ui.widgets.needs_you import sight
from cockpit.ui.widgets.row_list import RowList
from cockpit.ui.writing.composer import Composer
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.hostile import FORBIDDEN, HOSTILE
from tests.ui.scene import DIALOG, scene
from tests.ui.test_home import LT_API, cockpit
from tests.ui.test_hostile import drawn

TEXT = "Use a cursor,\n\tnot an offset\u200d"


def lost(agent: AgentId = LT_API, text: str = TEXT) -> Receipt:
    stages = ((Stage.WRITTEN, NOW - 90), (Stage.FAILED, NOW - 80))
    return Receipt(CommandId("lost"), agent, "steer", text, Stage.FAILED, NOW - 95, stages, "the link went down")


def with_lost(receipt: Receipt | None = None) -> FakeEngine:
    engine = scene()
    engine.change(replace(engine.fleet, receipts=(receipt or lost(),)))
    return engine


async def choose(pilot: Pilot[None], words: str) -> InboxDialog:
    await pilot.press("I")
    await pilot.pause()
    dialog = pilot.app.screen
    assert isinstance(dialog, InboxDialog)
    await pilot.press("slash", *words, "enter")
    await pilot.pause()
    return dialog


def stage_of(engine: FakeEngine) -> Stage:
    return next(receipt.stage for receipt in engine.fleet.receipts if receipt.id == "lost")


def header(home: HomeScreen) -> str:
    return "".join(segment.text for segment in home.query_one(HeaderBar).render_line(0))


async def test_a_text_that_nobody_read_comes_back_into_the_composer_and_leaves_the_inbox_when_it_is_sent() -> None:
    async with cockpit(with_lost()) as (pilot, home, engine):
        await choose(pilot, "link")
        await pilot.press("enter")
        await pilot.pause()
        composer = home.query_one(Composer)
        assert home.selected == LT_API and composer.text == TEXT and composer.mode.value == "steer"
        assert stage_of(engine) is Stage.FAILED, "it is still not delivered"
        await pilot.press("enter")
        await pilot.pause()
        assert [getattr(command, "text", "") for command in engine.ordered] == [TEXT]
        assert stage_of(engine) is Stage.DISMISSED


async def test_a_draft_is_not_overwritten_by_what_comes_back() -> None:
    async with cockpit(with_lost()) as (pilot, home, _):
        await pilot.press("down", "p", *"mine")
        await pilot.press("escape")
        await pilot.pause()
        for _ in range(2):
            await choose(pilot, "link")
            await pilot.press("enter")
            await pilot.pause()
            await pilot.press("escape")
        assert home.query_one(Composer).text == f"mine\n\n{TEXT}", "and twice is once"


async def test_a_text_for_an_agent_that_is_gone_is_shown() -> None:
    async with cockpit(with_lost(lost(AgentId("gone"), "only here"))) as (pilot, _home, _engine):
        await choose(pilot, "link")
        await pilot.press("enter")
        await pilot.pause()
        screen = pilot.app.screen
        shown = "\n".join("".join(s.text for s in line) for line in screen._compositor.render_strips())
        assert "only here" in shown and "the link went down" in shown


async def test_a_failure_is_dismissed_and_a_question_is_not() -> None:
    async with cockpit(with_lost()) as (pilot, home, engine):
        before = header(home)
        dialog = await choose(pilot, "link")
        await pilot.press("ctrl+x")
        await pilot.pause()
        assert stage_of(engine) is Stage.DISMISSED
        assert not dialog.query_one("#rows", RowList).cursor_key
        await pilot.press("slash", *["backspace"] * 4, *"asks", "enter")
        await pilot.pause()
        await pilot.press("ctrl+x")
        await pilot.pause()
        assert dialog.query_one("#rows", RowList).cursor_key, "a question goes when it is answered"
        await pilot.press("escape")
        await pilot.pause()
        home.bridge.flush()
        await pilot.pause()
        assert header(home) != before
        while home.app.screen is not home:
            await pilot.press("escape")
            await pilot.pause()
        home.try_action("agent.undo")
        assert stage_of(engine) is Stage.FAILED, "it is undone by one key, as any other act"


async def test_the_badge_counts_asks_and_failures_only() -> None:
    async with cockpit(size=(160, 40)) as (pilot, home, engine):
        home.bridge.flush()
        await pilot.pause()
        shown = header(home)
        asking = sum(len(agent.activity.dialogs) for agent in engine.fleet.agents)
        failed = sum(
            agent.process.state is ProcessState.DEAD or agent.activity.state is ActivityState.ERROR
            for agent in engine.fleet.agents
        )
        reviews = sum(task.status == "in_review" for task in engine.fleet.tasks)
        assert asking and f"! {asking + failed} wait for you" in shown
        assert reviews and f"◐ {reviews} to review" in shown


async def test_what_is_put_off_is_listed_apart_and_comes_back(short_pauses: None) -> None:
    async with cockpit() as (pilot, _home, engine):
        await choose(pilot, "asks")
        await pilot.press("tilde")
        await pilot.pause()
        assert isinstance(pilot.app.screen, PutOffDialog)
        await pilot.press("1")
        await pilot.pause()
        (ordered,) = engine.ordered
        assert isinstance(ordered, PutOffEntry) and ordered.how is PutOff.QUARTER
        shelved = Shelved(ordered.key, ordered.how, ordered.mark, NOW, NOW + 900.0, ordered.sentence)
        engine.change(replace(engine.fleet, shelved=(shelved,)))
        await pilot.press("escape", "tab")
        await pilot.pause()
        shown = drawn(pilot.app)
        assert "put off 1" in shown and "w-tokens" in shown and "until" in shown
        await pilot.press("b")
        assert engine.ordered[1] == TakeBackEntry(ordered.key)


async def test_the_history_says_what_was_answered_by_whom(short_pauses: None) -> None:
    async with cockpit(size=(160, 40)) as (pilot, _home, engine):
        engine.coordination.inbox.decided = (
            Decided("a", "m", NOW, "quill", "Which one?", HowEnded.ANSWERED, "0.1.0", "ada@here"),
            Decided("b", "m", NOW - 9, HOSTILE, HOSTILE, HowEnded.WITHDRAWN),
        )
        await pilot.press("I", "shift+tab")
        await pilot.pause()
        shown = drawn(pilot.app)
        assert "Which one?" in shown and "→ 0.1.0" in shown and "ada@here" in shown and "withdrawn" in shown
        assert not any(char in shown for char in FORBIDDEN)


@pytest.mark.parametrize("size", [(60, 20), (100, 30), (250, 60)])
async def test_a_question_is_answered_in_the_inbox_at_every_size(
    size: tuple[int, int], short_pauses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cockpit(size=size) as (pilot, _home, engine):
        monkeypatch.setattr(sight, "STANDS", 3600.0)
        await pilot.press("I")
        await pilot.pause()
        await pilot.press("2")
        await pilot.pause()
        assert engine.ordered == [] and "was not used" in drawn(pilot.app)
        monkeypatch.setattr(sight, "STANDS", 0.0)
        await pilot.press("2")
        await pilot.pause()
        assert [getattr(command, "value", "") for command in engine.ordered] == [DIALOG.options[1]]
        assert isinstance(pilot.app.screen, InboxDialog), "the next one can be answered"
