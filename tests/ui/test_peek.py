"""Peeking: the last words of one agent, and a text that goes to exactly that one or stays its draft."""

from __future__ import annotations

import pytest

from cockpit.model.commands.agent import Prompt
from cockpit.model.ids import agent_of
from cockpit.model.notebook.pitfalls import INLINE_FILE
from cockpit.ui.actions.peeking import newest_unseen, oldest_ask
from cockpit.ui.dialogs.answer import AnswerDialog
from cockpit.ui.dialogs.peek import PeekDialog
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.reply_field import ReplyField
from tests.remote.waiting import until
from tests.ui.scene import scene, vm_id
from tests.ui.test_home import cockpit

pytestmark = pytest.mark.usefixtures("short_pauses")


async def test_a_text_goes_to_the_agent_that_was_looked_at_whatever_is_selected_by_then() -> None:
    async with cockpit() as (pilot, home, engine):
        done = newest_unseen(engine.fleet)
        assert done is not None
        await pilot.press("O", "space")
        await pilot.pause()
        dialog = pilot.app.screen
        assert isinstance(dialog, PeekDialog) and done.name in str(dialog.query_one("#becomes", Plain).content)
        field = dialog.query_one(ReplyField)
        field.text = "```\n" + "x = 1\n" * 80 + "```"
        await until(lambda: INLINE_FILE in str(dialog.query_one("#becomes", Plain).content))
        field.text = ""
        await until(lambda: done.name in str(dialog.query_one("#becomes", Plain).content))
        await pilot.press(*"thanks", "escape")
        await pilot.pause()
        assert home.composer.text == "thanks" and engine.ordered == []
        await pilot.press("space", "!")
        home.select(agent_of(vm_id(1)))
        await pilot.press("enter")
        await pilot.pause()
        assert engine.ordered == [Prompt(done.id, "thanks!")] and engine.notebook.sent(done.id) == ("thanks!",)
        home.select(done.id)
        assert home.composer.text == ""


async def test_a_question_is_answered_from_the_peek() -> None:
    async with cockpit() as (pilot, home, engine):
        asking = oldest_ask(engine.fleet)
        assert asking is not None
        await pilot.press("o", "space")
        await pilot.pause()
        assert home.selected == asking.id
        asks = str(pilot.app.screen.query_one("#asks", Plain).content)
        assert asking.activity.dialogs[0].request.title in asks
        await pilot.press("ctrl+a")
        await pilot.pause()
        assert isinstance(pilot.app.screen, AnswerDialog)


async def test_a_cockpit_that_only_looks_peeks_without_a_line() -> None:
    async with cockpit(scene(), read_only=True) as (pilot, _home, engine):
        await pilot.press("space", *"hello", "enter", "escape")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, PeekDialog) and engine.ordered == []
