"""A stylesheet is parsed once for all apps of a test's process, and anew where anything in it is another."""

from __future__ import annotations

from unittest import mock

from textual.app import App, ComposeResult
from textual.css.parse import parse
from textual.widgets import Input, Static


class Coloured(App[None]):
    """A widget in a colour of the theme, and one whose styles change while it is shown."""

    CSS = "Static { background: $primary; } Input { width: 10; }"

    def compose(self) -> ComposeResult:
        yield Static("here")
        yield Input()


async def seen_with(theme: str) -> tuple[str, str]:
    """Return the colour that a theme gives, and the width that an input has before it is changed."""
    app = Coloured()
    app.theme = theme
    async with app.run_test() as pilot:
        await pilot.pause()
        field = app.query_one(Input)
        seen = app.query_one(Static).styles.background.hex, str(field.styles.width)
        field.styles.width = 20
        field.styles.base.width = 30
        await pilot.pause()
        return seen


async def test_what_was_parsed_is_kept_for_the_next_app_and_another_theme_is_parsed_anew() -> None:
    dark = await seen_with("textual-dark")
    with mock.patch("textual.css.stylesheet.parse", wraps=parse) as parsed:
        assert await seen_with("textual-dark") == dark, "what an app changed was its own"
        assert parsed.call_count == 0
        light = await seen_with("gruvbox")
        assert parsed.call_count > 0
    assert light[0] != dark[0] and light[1] == dark[1] == "10"
