"""The operator's own commands under keys and in the palette; what is wrong with a key is said."""

from __future__ import annotations

import pytest

from cockpit.model.own.declared import Own, OwnColumn, OwnCommand
from cockpit.model.own.port import Printed
from cockpit.ui.actions.keymap import keys_of_home
from cockpit.ui.actions.own import own_actions, printed_text
from cockpit.ui.dialogs.live import LiveText
from cockpit.ui.widgets.panes import AgentsTree
from tests.ui.scene import scene
from tests.ui.test_home import cockpit, shown

pytestmark = pytest.mark.usefixtures("short_pauses")


async def test_an_own_command_runs_for_the_selected_agent_and_shows_what_it_printed() -> None:
    engine = scene()
    own = engine.coordination.own
    own.declared = Own(commands=(OwnCommand("git log", "git log", "f6"),))
    own.printed = Printed("one\x1b[31m\ntwo [b]", 2)
    async with cockpit(engine) as (pilot, home, _):
        await pilot.press("down", "f6")
        await pilot.pause()
        assert isinstance(pilot.app.screen, LiveText)
        assert own.ran == [("git log", home.selected)]
        text = str(pilot.app.screen.query_one("#text").render())
        assert "it ended with 2" in text and "two [b]" in text and "\x1b" not in text
        await pilot.press("escape", "ctrl+p", *"git log", "enter")
        await pilot.pause()
        assert own.ran == [("git log", home.selected)] * 2
        assert "hits" not in shown(home, "#footer")
        assert "Own commands" in home.key_help("git log").plain, "the help has them, too"


async def test_own_columns_stand_in_the_rows_and_are_asked_for_what_is_in_sight() -> None:
    engine = scene()
    own = engine.coordination.own
    own.declared = Own((OwnColumn("REPO", "repository"), OwnColumn("CI", command="ci")))
    first = engine.fleet.agents[0]
    own.cells = {(first.id, "REPO"): "shortly", (first.id, "CI"): "green\x1b[31m"}
    async with cockpit(engine, size=(200, 50)) as (pilot, home, _):
        await pilot.pause()
        home.bridge.flush()
        tree = home.query_one(AgentsTree)
        (row,) = (str(row.content) for row in tree.rows if row.key == first.id)
        assert "shortly" in row and "green" in row and "\x1b" not in row
        assert "REPO" in str(tree.border_title) and "CI" in str(tree.border_title)
        assert own.wanted == [row.key for row in tree.rows[: tree.size.height]]


def test_a_key_that_is_taken_or_none_is_named_and_the_command_stays_in_the_palette() -> None:
    commands = tuple(OwnCommand(key or "none", "x", key) for key in ("", "z", "f13x", "ctrl+g", "%%", "f2"))
    actions, problems = own_actions(commands, keys_of_home({}))
    assert [action.keys for action in actions.values()] == ["", "", "", "ctrl+g", "", "f2"]
    assert "z already means pause; free is f2" in problems[0]
    assert "no key is called 'f13x'; did you mean 'f13'?" in problems[1]
    assert len(problems) == 3


def test_what_a_command_printed_is_shown_clean_and_whole() -> None:
    assert "It printed nothing." in str(printed_text(Printed("", 0)))
    assert "printed more" in str(printed_text(Printed("x", 0, is_cut=True)))
    assert "took more" in str(printed_text(Printed("x", None, "it took more than 5 s and was ended")))
