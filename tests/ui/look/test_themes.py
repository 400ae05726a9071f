"""Themes: all shipped ones are complete and readable; a broken file is a problem, not a crash."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color

from cockpit.ui.app import CockpitApp
from cockpit.ui.look.themes import VARIABLE_DEFAULTS, load_themes, parse_theme
from tests.ui.scene import scene

SHIPPED = {"cockpit-dark", "cockpit-light", "high-contrast", "ansi"}


def test_the_shipped_themes_load_without_a_problem() -> None:
    loaded = load_themes()
    assert {theme.name for theme in loaded.themes} == SHIPPED
    assert loaded.problems == ()
    for theme in loaded.themes:
        assert set(VARIABLE_DEFAULTS) <= set(theme.variables)


def contrast(first: Color, second: Color) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2, 1.4.3)."""

    def luminance(color: Color) -> float:
        channels = [part / 255 for part in color.rgb]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["cockpit-dark", "cockpit-light", "high-contrast"])
def test_words_are_readable_on_the_background(name: str) -> None:
    theme = next(theme for theme in load_themes().themes if theme.name == name)
    background = Color.parse(theme.background or "")
    least = 7.0 if name == "high-contrast" else 4.0
    for variable, value in theme.variables.items():
        if variable.startswith(("agent-", "link-", "mode-")) or variable == "muted":
            assert contrast(background, Color.parse(value)) >= least, variable


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
    assert len(loaded.problems) == 2 and loaded.problems[0].startswith("bad.toml: `palette.primary`")


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValueError, match=r"`variables.agent-runing`"):
        parse_theme({"name": "x", "palette": {"primary": "#ffffff"}, "variables": {"agent-runing": "#ffffff"}})
