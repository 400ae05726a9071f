"""Pastes, clicks, sizes and searches between keys of one read, each in its place."""

from __future__ import annotations

import pytest
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.life import Spawn
from cockpit.model.commands.vm import Branch
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import agent_of
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.dialog import TextDialog
from cockpit.ui.writing.composer import Composer
from tests.ui.scene import vm_id
from tests.ui.test_home import cockpit
from tests.ui.test_key_gate import low_priority as low_priority
from tests.ui.test_key_gate import settled, write


def key(name: str) -> events.Key:
    return events.Key(name, name if len(name) == 1 else None)


async def send(pilot: Pilot[None], *messages: Message | str) -> None:
    for message in messages:
        pilot.app.post_message(key(message) if isinstance(message, str) else message)
    await settled(pilot)


def click(widget: Widget, row: int = 1) -> tuple[events.MouseDown, events.MouseUp]:
    """Press and release the left button on a row of a widget, as the terminal reports it."""
    x, y = widget.region.x + 4, widget.region.y + row
    down = events.MouseDown(None, x, y, 0, 0, 1, False, False, False, x, y)
    return down, events.MouseUp(None, x, y, 0, 0, 1, False, False, False, x, y)


async def test_each_field_of_the_spawn_form_gets_its_own_text() -> None:
    async with cockpit() as (pilot, _home, engine):
        await write(
            pilot, "n", "tab", "shift+tab", "right", "tab", *"pxz", "tab", *"a role", "tab", "tab", "right",
            "tab", "backspace", "2", "tab", *"x,y", "tab", "right", "tab", "tab", *"opus", "enter",
        )  # fmt: skip
        image = engine.image_list[0][0]
        assert engine.ordered == [
            Spawn(f"pxz-{n}", AgentKind.WORKER, "a role", image, "pi", ("x", "y"), "vitruvius", "opus") for n in (1, 2)
        ]


async def test_the_palette_chooses_from_the_results_of_what_was_typed() -> None:
    async with cockpit() as (pilot, _home, engine):
        await write(pilot, "ctrl+p", *"why", "enter")
        assert isinstance(pilot.app.screen, TextDialog)
        assert engine.ordered == []


async def test_a_place_and_a_prompt_to_it() -> None:
    async with cockpit() as (pilot, _home, engine):
        await write(pilot, "colon", *"lt-api", "enter", "p", *"go", "enter")
        assert engine.ordered == [Prompt(agent_of(vm_id(2)), "go")]


async def test_a_paste_stands_where_it_was_read() -> None:
    async with cockpit() as (pilot, home, engine):
        await send(pilot, "p", "a", events.Paste("pxq\nD"), "b")
        assert home.query_one(Composer).text == "apxq\nDb"
        assert engine.ordered == []


async def test_a_new_size_between_keys_loses_none() -> None:
    async with cockpit() as (pilot, home, _engine):
        size = Size(70, 30)
        await send(pilot, "p", "a", events.Resize(size, size), "p", "x")
        assert home.query_one(Composer).text == "apx"


async def test_a_click_and_the_keys_around_it_keep_their_order() -> None:
    async with cockpit(size=(170, 48)) as (pilot, home, engine):
        await send(pilot, "p", "x", "y", *click(home.query_one("#agents")), "q", "p", "z")
        assert home.query_one(Composer).text.startswith("xy") and "q" not in home.query_one(Composer).text
        assert engine.ordered == []


async def test_a_click_behind_the_key_that_asks_confirms_nothing() -> None:
    async with cockpit() as (pilot, home, engine):
        middle = click(home, home.size.height // 2)
        await send(pilot, "D", *middle, "y", "enter")
        assert isinstance(pilot.app.screen, ConfirmDialog)
        assert engine.ordered == []


async def test_zoom_and_a_prompt() -> None:
    async with cockpit() as (pilot, _home, engine):
        await write(pilot, "Z", "p", *"zz", "enter", "escape", "escape")
        assert engine.ordered == [Prompt(agent_of(vm_id(1)), "zz")]


@pytest.mark.slow
async def test_five_thousand_characters_in_one_read_arrive_whole_and_the_next_key_too() -> None:
    text = ("p x q D b\n" * 500)[:5000]
    async with cockpit() as (pilot, home, engine):
        await send(pilot, "p")
        await send(pilot, *("ctrl+j" if letter == "\n" else letter for letter in text), "escape", "j")
        assert engine.ordered == []
        assert home.selected == agent_of(vm_id(2))
        await send(pilot, "k")
        assert home.query_one(Composer).text == text


async def test_keys_go_on_when_a_screen_never_settles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.ui.key_gate.LIMIT", 0.2)
    monkeypatch.setattr("cockpit.ui.settling.Settling._is_laid_out", lambda gate: False)
    async with cockpit() as (pilot, _home, engine):
        await send(pilot, "p", "a", "enter")
        assert engine.ordered == [Prompt(agent_of(vm_id(1)), "a")]


async def test_keys_held_when_the_screen_ends_hurt_nobody() -> None:
    async with cockpit() as (pilot, _home, engine):
        for name in ("p", "a", "ctrl+q", "enter", "B", "enter"):
            pilot.app.post_message(key(name))
        await pilot.pause()
    assert not [command for command in engine.ordered if isinstance(command, Branch)]
    assert engine.ordered == []
