"""What agents print in colours can be read, whatever they chose and whichever theme is worn."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rich.color import Color as Shown
from rich.color import ColorSystem
from rich.style import Style as RichStyle
from textual._ansi_theme import ALABASTER, MONOKAI
from textual.style import Style

from cockpit.model import events as ev
from cockpit.text.style import TextStyle
from cockpit.ui.app import CockpitApp
from cockpit.ui.look.agent_colours import ReadableColours, style_words
from cockpit.ui.terminal.cells import pen_of
from tests.remote.waiting import until
from tests.ui.fake_engine import NOW
from tests.ui.look.legible import (
    LEAST_OF_TEXT,
    contrast,
    poor,
    unreadable_on_any_ground,
    unreadable_on_its_ground,
)
from tests.ui.scene import scene
from tests.ui.test_hostile import drawn

channels = st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
colours = st.none() | st.integers(0, 255) | channels
FILTERS = [ReadableColours(theme) for theme in (MONOKAI, ALABASTER)]
HIGHER = [(one, LEAST_OF_TEXT) for one in FILTERS] + [(ReadableColours(MONOKAI, least=7.0), 7.0)]
"""Those, and one that holds text to more, each with what it is held to."""
GROUNDS = ["#10141b", "#26334d", "#f7f7f4", "#dbe7f3", "#000000", "#001f5c", "#777777"]
OWN = "#c3cbd9"


@given(st.sampled_from(HIGHER), st.sampled_from(GROUNDS), colours, colours, st.booleans(), st.booleans())
def test_what_an_agent_chose_can_be_read_on_every_ground(
    held: tuple[ReadableColours, float], ground: str, colour: object, behind: object, dim: bool, reverse: bool
) -> None:
    shown_by, least = held
    chosen = TextStyle(colour, behind, dim=dim, reverse=reverse).readable()  # type: ignore[arg-type]
    assume(chosen.foreground is not None or chosen.background is not None or chosen.dim)
    worn = RichStyle(color=OWN, bgcolor=ground) + Style.parse(style_words(chosen)).rich_style
    shown = shown_by.truecolor_style(worn, Shown.parse(ground))
    assert list(unreadable_on_its_ground(pen_of(shown, ColorSystem.TRUECOLOR), letters=True, least=least)) == []


def test_what_can_be_read_anyway_is_left_as_it_is() -> None:
    ground = Shown.parse("#10141b")
    worn = RichStyle(bgcolor="#10141b") + Style.parse(style_words(TextStyle((250, 180, 90)))).rich_style
    assert FILTERS[0].truecolor_style(worn, ground).color == Shown.from_rgb(250, 180, 90)
    # What is no agent's is the theme's own doing, and a test of the themes judges it.
    rule = RichStyle(color="#607498", bgcolor="#10141b")
    assert contrast((0x60, 0x74, 0x98), (0x10, 0x14, 0x1B)) < LEAST_OF_TEXT
    assert FILTERS[0].truecolor_style(rule, ground) == rule


def test_in_the_terminal_s_own_colours_it_can_be_read_on_whatever_ground_there_is() -> None:
    every: list[int | tuple[int, int, int]] = [*range(256), (250, 250, 250), (9, 9, 9)]
    for colour in every:
        for chosen in (TextStyle(colour), TextStyle(background=colour), TextStyle(colour, reverse=True)):
            worn = RichStyle(color="default", bgcolor="default") + Style.parse(style_words(chosen)).rich_style
            shown = ReadableColours(MONOKAI, own=True).truecolor_style(worn, Shown.default())
            pen = pen_of(shown, ColorSystem.TRUECOLOR)
            assert list(unreadable_on_any_ground(pen, letters=True)) == [], (chosen, pen)


@pytest.mark.usefixtures("short_pauses")
async def test_all_that_is_drawn_stands_out_as_much_as_the_theme_says() -> None:
    engine = scene()
    numbers = range(0, 256, 4)
    pieces = [f"\x1b[38;5;{one}mt{one:03}\x1b[0m \x1b[48;5;{one}mg{one:03}\x1b[0m " for one in numbers]
    printed = "\n".join("".join(pieces[at : at + 8]) for at in range(0, len(pieces), 8))
    engine.say(engine.fleet.agents[1].id, ev.ToolOutput("t1", printed, "bash"), at=NOW)
    app = CockpitApp(engine, theme="high-contrast")
    async with app.run_test(size=(200, 50)) as pilot:
        await pilot.press("1", "home", "down")
        await until(lambda: "t000 g000" in drawn(app) and "t252 g252" in drawn(app))
        assert poor(app, own_colours=False, least=7.0) == []
        app.theme = "cockpit-dark"
        await until(lambda: bool(poor(app, own_colours=False, least=7.0)))
