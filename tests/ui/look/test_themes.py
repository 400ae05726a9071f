"""Themes: all shipped ones are complete and readable; a broken file is a problem, not a crash."""

from __future__ import annotations

import itertools
import math
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.color import ColorSystem
from rich.style import Style

from cockpit.ui.app import CockpitApp
from cockpit.ui.look.states import LINK_STYLES, MODE_STYLES, POWER_STYLES, STATUS_STYLES, TONE_STYLES
from cockpit.ui.look.themes import VARIABLE_DEFAULTS, load_themes, parse_theme
from cockpit.ui.terminal.cells import cells_of, pen_of
from cockpit.ui.theming import kept_theme
from tests.ui.scene import scene

THEMES = Path(__file__).parents[3] / "themes"
SHIPPED = {"cockpit-dark", "cockpit-light", "high-contrast", "colour-blind", "ansi"}


def test_the_shipped_themes_load_without_a_problem() -> None:
    loaded = load_themes()
    assert {theme.name for theme in loaded.themes} == SHIPPED
    assert loaded.problems == ()
    for theme in loaded.themes:
        assert set(VARIABLE_DEFAULTS) <= set(theme.variables)


GROUNDS = ("background", "surface", "panel", "bar-background", "row-cursor", "row-cursor-blurred")
"""What text stands on, the row of the cursor included."""
FRAMED = ("background", "panel", "bar-background")
"""What a rule stands on."""
NO_TEXT = {"secondary", "faint", "rule", "rule-focus", *GROUNDS}
LEAST_OF_TEXT, LEAST_OF_RULES = 4.5, 3.0
TOLD_APART = 20.0
"""Difference in CIELAB below which two colours of states are easily taken for one another."""

Rgb = tuple[int, int, int]


def rgb_of(text: str) -> Rgb:
    return (int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16))


def shown_in_256(colour: Rgb) -> Rgb:
    """Return what a terminal with 256 colours is told to show, by the sequence that is written (xterm, 256colres.h)."""
    style = Style(color="#{:02x}{:02x}{:02x}".format(*colour))
    kind, mode, number = (int(part) for part in pen_of(style, ColorSystem.EIGHT_BIT).colour.split(";"))
    assert (kind, mode) == (38, 5)
    if number >= 232:
        return (8 + 10 * (number - 232),) * 3
    levels, rest = (0, 95, 135, 175, 215, 255), number - 16
    return (levels[rest // 36], levels[rest // 6 % 6], levels[rest % 6])


def linear(colour: Rgb) -> list[float]:
    channels = [part / 255 for part in colour]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]


def contrast(first: Rgb, second: Rgb) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2, 1.4.3)."""

    def luminance(colour: Rgb) -> float:
        red, green, blue = linear(colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def all_of(name: str) -> dict[str, str]:
    """Return what a theme's file says, read by the test itself."""
    found = tomllib.loads((THEMES / f"{name}.toml").read_text())
    return {**found["palette"], **found["variables"]}


@pytest.mark.parametrize("seen", [lambda colour: colour, shown_in_256], ids=["16 million", "256"])
@pytest.mark.parametrize("name", sorted(SHIPPED - {"ansi"}))
def test_every_word_and_rule_is_readable_on_every_ground(name: str, seen: Callable[[Rgb], Rgb]) -> None:
    colours = {key: seen(rgb_of(value)) for key, value in all_of(name).items()}
    poor = [
        (key, ground, round(contrast(value, colours[ground]), 2))
        for key, value in colours.items()
        if key not in GROUNDS
        for ground in (FRAMED if key == "rule" else GROUNDS)
        if contrast(value, colours[ground]) < (LEAST_OF_RULES if key in NO_TEXT else LEAST_OF_TEXT)
    ]
    assert poor == []
    # The row of the cursor is told from the others.
    assert colours["row-cursor"] not in (colours["background"], colours["panel"])
    if name == "high-contrast":
        assert min(contrast(value, colours["background"]) for key, value in colours.items() if key not in NO_TEXT) >= 7


STYLES = [*TONE_STYLES.values(), *POWER_STYLES.values(), *LINK_STYLES.values(), *STATUS_STYLES.values()]


def test_every_state_is_drawn_in_a_colour_of_the_theme_and_not_by_it_alone() -> None:
    for look in [*STYLES, *MODE_STYLES.values()]:
        (variable,) = [word[1:] for word in look.style.split() if word.startswith("$")]
        assert variable in VARIABLE_DEFAULTS and variable not in NO_TEXT
        assert look.glyph.strip() and look.word.strip()


def test_states_differ_for_eyes_that_do_not_tell_red_from_green() -> None:
    colours = all_of("colour-blind")
    states = ("agent-asking", "agent-failed", "agent-running", "agent-paused", "agent-done", "agent-idle")
    for matrix in (PROTANOPIA, DEUTERANOPIA):
        seen = {
            state: lab_of(
                [sum(a * b for a, b in zip(row, linear(rgb_of(colours[state])), strict=True)) for row in matrix]
            )
            for state in states
        }
        for one, other in itertools.combinations(states, 2):
            assert math.dist(seen[one], seen[other]) >= TOLD_APART, (one, other)
        added, removed = (
            lab_of(
                [
                    sum(a * b for a, b in zip(row, linear(rgb_of(colours[f"transcript-diff-{sort}"])), strict=True))
                    for row in matrix
                ]
            )
            for sort in ("added", "removed")
        )
        assert math.dist(added, removed) >= TOLD_APART


PROTANOPIA = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))
DEUTERANOPIA = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
"""How such eyes see, of linear red, green and blue (Machado, Oliveira, Fernandes 2009, severity 1.0)."""


def lab_of(channels: list[float]) -> tuple[float, float, float]:
    """Return a colour of linear channels in CIELAB, white point D65."""
    red, green, blue = (min(1.0, max(0.0, channel)) for channel in channels)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


TERMINALS = {
    "xterm on white": ("#ffffff", {"red": "#cd0000", "magenta": "#cd00cd", "default": "#000000"}),
    "xterm on black": ("#000000", {"red": "#cd0000", "magenta": "#cd00cd", "default": "#e5e5e5"}),
    "Solarized dark": ("#002b36", {"red": "#dc322f", "magenta": "#d33682", "default": "#839496"}),
    "Solarized light": ("#fdf6e3", {"red": "#dc322f", "magenta": "#d33682", "default": "#657b83"}),
}
"""What four grounds make of the terminal's own colours (xterm's resources; Schoonover's table)."""


def test_the_terminal_s_own_colours_are_readable_on_white_black_and_solarized() -> None:
    words = set(all_of("ansi").values())
    assert words == {"plain", "dim", "reverse", "underline", "ansi_red", "ansi_magenta"}
    for ground, colours in TERMINALS.values():
        for name in ("red", "magenta"):
            # Solarized keeps even its own text at 4.1: what is told by such a colour is bold, or has a word and a sign.
            assert contrast(rgb_of(ground), rgb_of(colours[name])) >= LEAST_OF_RULES
        assert contrast(rgb_of(ground), rgb_of(colours["default"])) >= 4.1


async def test_no_cell_is_black_or_bright_black_where_the_ground_is_not_known() -> None:
    app = CockpitApp(scene(), theme="ansi")
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        for keys in ((), ("question_mark",), ("escape", "n"), ("escape", "I")):
            await pilot.press(*keys)
            await pilot.pause()
            strips = [strip for line in app.screen._compositor.render_strips() for strip in (line,)]
            pens = {pen for strip in strips for pen in cells_of(strip, ColorSystem.TRUECOLOR).pens}
            codes = {code for pen in pens for code in (*pen.ground.split(";"), *pen.colour.split(";"))}
            assert not codes & {"30", "90", "40", "100"}
            assert any("7" in pen.attributes.split(";") for pen in pens), "a row has the cursor"


@pytest.mark.parametrize("name", sorted(SHIPPED))
async def test_every_theme_can_be_worn(name: str) -> None:
    app = CockpitApp(scene(), theme=name)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert app.theme == name
        assert not app._notifications


async def test_an_unknown_theme_falls_back_and_says_so() -> None:
    app = CockpitApp(scene(), theme="no[/]such")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert app.theme == "cockpit-dark"
        assert "no theme" in next(iter(app._notifications)).message


def test_a_broken_file_is_reported_by_name(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("name = 'x'\n[palette]\nprimary = 'no colour'\n")
    (tmp_path / "worse.toml").write_text("= =")
    (tmp_path / "good.toml").write_text("name = 'g'\n[palette]\nprimary = '#123456'\n")
    loaded = load_themes([tmp_path])
    assert [theme.name for theme in loaded.themes] == ["g"]
    assert len(loaded.problems) == 2 and loaded.problems[0].startswith("bad.toml, line 3: `palette.primary`")


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValueError, match=r"`variables.agent-runing`"):
        parse_theme({"name": "x", "palette": {"primary": "#ffffff"}, "variables": {"agent-runing": "#ffffff"}})
    for wrong in (True, "7", 2, 30):
        with pytest.raises(ValueError, match=r"`contrast` is a number from 4.5 to 15.0"):
            parse_theme({"name": "x", "contrast": wrong, "palette": {"primary": "#ffffff"}})


async def test_a_theme_is_picked_by_looking_at_it_kept_and_taken_off_by_escape(tmp_path: Path) -> None:
    engine = scene()
    own = tmp_path / "mine.toml"
    own.write_text("name = 'mine'\n[palette]\nprimary = '#123456'\nforeground = '#ffffff'\n")
    app = CockpitApp(engine, own_themes=tmp_path, configured_theme="cockpit-dark")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        app.screen.try_action("app.theme")  # type: ignore[attr-defined]
        await pilot.pause()
        await pilot.press("down")
        await pilot.pause()
        assert app.theme == "ansi"
        await pilot.press("escape")
        await pilot.pause()
        assert app.theme == "cockpit-dark"
        app.screen.try_action("app.theme")  # type: ignore[attr-defined]
        await pilot.pause()
        await pilot.press(*"mine")
        await pilot.press("enter")
        await pilot.pause()
        assert app.theme == "mine"
        preferences = engine.coordination.preferences
        assert await kept_theme(preferences, "cockpit-dark") == "mine"
        # What config.toml says since then counts more.
        assert await kept_theme(preferences, "ansi") == "ansi"
        # A save is seen; one that is wrong is named with line and key, and what is worn stays.
        own.write_text("name = 'mine'\n[palette]\nprimary = '#123456'\nforeground = '#00ff00'\n")
        app._reload_themes()
        await pilot.pause()
        assert app.theme_variables["foreground"].upper() == "#00FF00"
        own.write_text("name = 'mine'\n[palette]\nprimary = '#123456'\nforground = '#00ff00'\n")
        app._reload_themes()
        await pilot.pause()
        said = [one.message for one in app._notifications]
        assert "mine.toml, line 4: `palette.forground` is not a known name; did you mean `foreground`?" in said
        assert app.theme == "mine"
