"""Low motion stops all that moves by itself, and is kept; thin lines get no pulses; without colours all is told."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color, ColorSystem
from rich.style import Style
from textual.widgets import Input, TextArea

from cockpit.ui.app import CockpitApp
from cockpit.ui.motion import CHOICE, kept_motion
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.terminal.cells import cells_of, pen_of
from cockpit.ui.widgets.panes import AgentsTree
from tests.ui.scene import scene
from tests.ui.test_home import cockpit, notifications

pytestmark = pytest.mark.usefixtures("short_pauses")


def blinks(field: Input | TextArea) -> bool:
    return bool(field.cursor_blink)


async def test_low_motion_is_turned_on_and_off_in_every_field_and_kept() -> None:
    async with cockpit() as (pilot, home, engine):
        app = pilot.app
        home.composer.focus()
        await pilot.pause()
        assert blinks(home.composer)
        usual = app.animation_level
        home.try_action("app.motion")
        await pilot.pause()
        assert app.animation_level == "none" and not blinks(home.composer)
        assert not vars(home.composer)["blink_timer"]._active.is_set()
        assert "Nothing moves" in notifications(pilot)[-1]
        # Fields that are opened afterwards, ours and the framework's.
        for key in ("slash", "escape", "ctrl+p", "escape", "n"):
            if key == "slash":
                home.focus_pane("agents")
            await pilot.press(key)
            await pilot.pause()
            field = app.screen.focused
            if key != "escape":
                assert isinstance(field, Input | TextArea) and not blinks(field), key
        await pilot.press("escape")
        preferences = engine.coordination.preferences
        assert await kept_motion(preferences, False, {}) is True
        assert await kept_motion(preferences, True, {}) is True
        home.try_action("app.motion")
        home.composer.focus()
        await pilot.pause()
        assert app.animation_level == usual and blinks(home.composer)
        assert await kept_motion(preferences, False, {}) is False


@pytest.mark.parametrize(
    ("kept", "configured", "variable", "low"),
    [
        ("", False, "", False),
        ("", True, "", True),
        ("", False, "1", True),
        ("", False, "0", False),
        ({"low_motion": True, "instead_of": False}, False, "", True),
        ({"low_motion": False, "instead_of": True}, True, "", False),
        ({"low_motion": False, "instead_of": False}, True, "", True),
        ({"low_motion": True, "instead_of": True}, False, "", False),
        ([1], True, "", True),
    ],
)
async def test_what_is_chosen_counts_until_the_configuration_changes(
    kept: object, configured: bool, variable: str, low: bool
) -> None:
    preferences = scene().coordination.preferences
    if kept:
        preferences.keep(CHOICE, json.dumps(kept))
    assert await kept_motion(preferences, configured, {"COCKPIT_LOW_MOTION": variable}) is low


async def test_a_thin_line_is_sent_no_pulses_and_at_most_a_flush_a_second() -> None:
    for thin in (False, True):
        engine = scene()
        app = CockpitApp(engine, low_bandwidth=thin)
        async with app.run_test(size=(200, 40)) as pilot:
            await pilot.pause()
            home = app.screen
            assert isinstance(home, HomeScreen)
            (head,) = home.query_one(AgentsTree).heads[:1]
            heads = " ".join(str(one) for one in home.query_one(AgentsTree).heads)
            assert ("PULSE" in heads) is not thin, head
            assert (min(home.rates.transcript, home.rates.lists) >= 1.0) is thin


colours = st.one_of(
    st.none(),
    st.integers(0, 255).map(Color.from_ansi),
    st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255)).map(lambda one: Color.from_rgb(*one)),
)


@given(colours, colours, st.booleans(), st.booleans(), st.booleans())
def test_where_no_colours_are_wanted_none_is_sent(
    ground: Color | None, colour: Color | None, bold: bool, reverse: bool, dim: bool
) -> None:
    style = Style.from_color(colour, ground) + Style(bold=bold, reverse=reverse, dim=dim)
    pen = pen_of(style, None)
    assert not pen.ground and not pen.colour
    assert pen.attributes == pen_of(style, ColorSystem.TRUECOLOR).attributes


async def test_without_colours_signs_and_words_tell_the_states_and_the_row_of_the_cursor_is_reversed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with cockpit() as (pilot, home, _engine):
        await pilot.press("down")
        await pilot.pause()
        tree = home.query_one(AgentsTree)
        rows = [cells_of(tree.render_line(y), None) for y in range(tree.size.height)]
        at = tree.cursor_key
        (row,) = (row for row in tree.rows if row.key == at)
        name = next(agent.name for agent in home.fleet.agents if agent.id == at)
        reversed_rows = [
            "".join(cells.texts) for cells in rows if all("7" in pen.attributes.split(";") for pen in cells.pens[2:-2])
        ]
        assert len(reversed_rows) == row.height and name in reversed_rows[0], reversed_rows
        text = "\n".join("".join(cells.texts) for cells in rows)
        for said in (r"\? w-tokens .* asking", r"✗ w-e2e .* exited", r"● lt-api .* working", r"✓ w-docs .* done"):
            assert re.search(said, text), said
        home.try_action("app.theme")
        await pilot.pause()
        assert pilot.app.screen is home and "NO_COLOR" in notifications(pilot)[-1] and pilot.app.theme == "ansi"


async def test_an_empty_variable_is_no_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    app = CockpitApp(scene())
    assert not app.no_color and app.theme == "cockpit-dark"
