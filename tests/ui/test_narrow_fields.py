"""Fields without a cell for text: a terminal that is pulled narrow must not end the cockpit."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from cockpit.text.clean import ours
from cockpit.ui.widgets.data_fields import DataInput, DataTextArea
from cockpit.ui.widgets.plain import Plain

TEXT = ours("Write a prompt")


class Fields(App[None]):
    """One of each field and text, as wide as asked, their frames included."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def compose(self) -> ComposeResult:
        yield DataTextArea(placeholder=TEXT, id="area")
        yield DataTextArea("two\nlines", id="written")
        yield DataInput(placeholder=TEXT, id="line")
        yield Plain(TEXT)

    def on_mount(self) -> None:
        for widget in self.screen.children:
            widget.styles.height = 3
            widget.styles.width = self.width
            widget.styles.padding = (0, 1)
        self.query_one("#area").focus()


@pytest.mark.parametrize("width", range(5))
async def test_a_field_of_any_width_is_drawn(width: int) -> None:
    app = Fields(width)
    async with app.run_test(size=(30, 14)) as pilot:
        await pilot.pause()
        for widget in app.screen.children:
            for y in range(3):
                widget.render_line(y)
        await pilot.press("a")
        await pilot.pause()
        assert app.query_one("#area", DataTextArea).text == "a"
