"""The command line under keys: what is typed is done to whom it names, and what is refused comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cockpit.model.commands.agent import Prompt, Steer
from cockpit.model.commands.board import MoveTask
from cockpit.model.commands.vm import Pause
from cockpit.model.fleet import Power
from cockpit.model.ids import TaskId, agent_of
from cockpit.ui.command_line.line import CommandLine
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.screens.board import BoardScreen
from cockpit.ui.theming import CHOICE
from cockpit.ui.widgets.plain import Plain
from tests.remote.waiting import until
from tests.ui.scene import scene, vm_id
from tests.ui.test_home import LT_API, cockpit

pytestmark = pytest.mark.usefixtures("short_pauses")


async def typed(pilot: Pilot[None], line: str) -> None:
    await pilot.press("colon", *line, "enter")
    await pilot.pause()
    await pilot.pause()


def said(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one("#said", Plain).content)


async def test_a_line_acts_upon_whom_it_names_wherever_the_keys_are() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("3", "end")  # the VM under the cursor is another's
        await typed(pilot, "pause w-docs")
        assert engine.ordered == [Pause(vm_id(5))] and home.selected == agent_of(vm_id(5))
        await typed(pilot, "steer lt-api wait for me")
        await typed(pilot, 'move "Dark mode for the settings page" blocked')
        assert engine.ordered[1:] == [Steer(LT_API, "wait for me"), MoveTask(TaskId("01JTASK5"), "blocked", "open")]
        await typed(pilot, "go board")
        assert isinstance(pilot.app.screen, BoardScreen)


async def test_who_is_named_is_meant_alone_whoever_is_marked() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("down", "asterisk", "asterisk")
        await typed(pilot, "pause w-docs")
        assert engine.ordered == [Pause(vm_id(5))] and len(home.marks.agents) == 2


async def test_a_text_that_is_not_sent_after_all_becomes_the_draft_of_whom_it_was_meant_for() -> None:
    engine = scene()
    engine.change(replace(engine.fleet, vms=tuple(replace(vm, power=Power.PAUSED) for vm in engine.fleet.vms)))
    docs = agent_of(vm_id(5))
    async with cockpit(engine) as (pilot, home, _):
        assert home.selected != docs
        await typed(pilot, "prompt w-docs go on")
        await until(lambda: isinstance(pilot.app.screen, ConfirmDialog))
        await pilot.press("n")
        await until(lambda: pilot.app.screen is home)
        assert engine.ordered == [] and engine.notebook.draft(docs).text == "go on"
        assert engine.notebook.sent(docs) == ("go on",)
        home.select(docs)
        assert home.composer.text == "go on"


async def test_a_theme_that_is_typed_is_kept_as_one_that_is_picked() -> None:
    async with cockpit() as (pilot, _home, engine):
        assert pilot.app.theme != "cockpit-light"
        await typed(pilot, "theme cockpit-light")
        assert pilot.app.theme == "cockpit-light" and "cockpit-light" in engine.coordination.preferences.kept[CHOICE]


async def test_what_is_not_understood_or_refused_stays_to_be_mended() -> None:
    async with cockpit() as (pilot, _home, engine):
        await typed(pilot, "steer lt-apo now")
        assert isinstance(pilot.app.screen, CommandLine) and "nearest is 'lt-api'" in said(pilot)
        engine.refusals[Prompt] = "its VM is gone"
        await pilot.press("escape")
        await typed(pilot, "prompt w-docs go on")
        assert "its VM is gone" in said(pilot) and engine.ordered == []
        assert pilot.app.screen.query_one(Input).value == "prompt w-docs go on"


async def test_a_part_of_a_name_becomes_the_word_and_a_place_is_gone_to() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("colon", *"stee", "tab")
        await until(lambda: pilot.app.screen.query_one(Input).value == "steer ")
        await pilot.press("escape")
        await typed(pilot, "lt-a")
        assert home.selected == LT_API and [*pilot.app.screen_stack] == [home]
        await typed(pilot, "paus")
        assert isinstance(pilot.app.screen, CommandLine) and engine.ordered == []
