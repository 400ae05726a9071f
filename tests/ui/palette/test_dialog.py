"""The palette under keys: what it offers, what is done, and what it says of what cannot be."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from textual.widgets import Input

from cockpit.model.commands.vm import Pause
from cockpit.model.fleet import Power
from cockpit.model.ids import agent_of
from cockpit.ui.app import CockpitApp
from cockpit.ui.palette.dialog import PaletteDialog
from cockpit.ui.palette.lately import CHOICES
from cockpit.ui.screens.board import BoardScreen
from cockpit.ui.widgets.row_list import RowList
from tests.remote.waiting import until
from tests.ui.scene import scene, vm_id
from tests.ui.test_home import cockpit, notifications
from tests.ui.test_hostile import drawn

DOCS = agent_of(vm_id(5))

pytestmark = pytest.mark.usefixtures("short_pauses")


async def test_acts_are_done_and_agents_gone_to_and_both_stand_on_top_then() -> None:
    engine = scene()
    engine.coordination.preferences.kept[CHOICES] = json.dumps(["act:app.help", 7, "act:gone"])
    async with cockpit(engine) as (pilot, home, _):
        app = pilot.app
        assert isinstance(app, CockpitApp)
        await until(lambda: app.lately.keys == ("act:app.help", "act:gone"))
        await pilot.press("ctrl+p", *"w-docs", "enter")
        await until(lambda: app.screen is home and home.selected == DOCS)
        await pilot.press("ctrl+p", *"pause", "enter")
        await until(lambda: engine.ordered == [Pause(vm_id(5))])
        await pilot.press("ctrl+p")
        rows = app.screen.query_one("#rows", RowList)
        await until(lambda: bool(rows.rows))
        assert [row.key for row in rows.rows][:4] == ["", "act:vm.pause", f"agent:{DOCS}", "act:app.help"]
        assert json.loads(engine.coordination.preferences.kept[CHOICES])[0] == "act:vm.pause"
        await pilot.press("up", "pagedown", "down", "up", "pageup")
        assert rows.cursor_key == "act:vm.pause", "the arrows go over headings"
        await pilot.press("escape", "b")
        await until(lambda: isinstance(app.screen, BoardScreen))
        await pilot.press("ctrl+p", *"fleet", "enter")
        await until(lambda: app.screen is home)
        await pilot.press("ctrl+p", *"light", "enter")
        await until(lambda: app.theme == "cockpit-light")


async def test_what_cannot_be_done_says_why_and_is_done_once_it_can() -> None:
    engine = scene()
    before = engine.fleet
    engine.change(replace(before, vms=tuple(replace(vm, power=Power.PAUSED) for vm in before.vms)))
    async with cockpit(engine) as (pilot, home, _):
        home.select(DOCS)
        await pilot.press("ctrl+p", *"freeze")
        palette = pilot.app.screen
        assert isinstance(palette, PaletteDialog)
        await until(lambda: "it is paused already" in drawn(pilot.app))
        await pilot.press("enter")
        await until(lambda: "pause: it is paused already" in notifications(pilot))
        assert pilot.app.screen is palette and engine.ordered == []
        engine.change(before)
        await pilot.press("enter")
        await until(lambda: engine.ordered == [Pause(vm_id(5))] and pilot.app.screen is home)
        await pilot.press("ctrl+p", *"qqqq")
        await until(lambda: "Nothing fits" in drawn(pilot.app))
        await pilot.press("enter")
        assert pilot.app.screen.query_one(Input).value == "qqqq"
        await pilot.press(*["backspace"] * 4, *"help")
        row = pilot.app.screen.query_one("#rows", RowList)
        await until(lambda: row.cursor_key == "act:app.help")
        at = next(line for line, key in row.keys_in_sight() if key == "act:app.help")
        await pilot.click(row, offset=(5, at))
        await until(lambda: "search" in drawn(pilot.app) and not isinstance(pilot.app.screen, PaletteDialog))
