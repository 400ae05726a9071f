"""A list says that there is nothing once that is known, not while it waits for what it shows."""

from __future__ import annotations

from textual.app import App, ComposeResult

from cockpit.text.clean import ours
from cockpit.ui.look.themes import VARIABLE_DEFAULTS
from cockpit.ui.widgets.row_list import RowList


class Lists(App[None]):
    """A list that is looked for, and one that was not told anything yet."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(VARIABLE_DEFAULTS)

    def compose(self) -> ComposeResult:
        yield RowList(empty=(ours("looking"),), id="looks")
        yield RowList(nothing=(ours("no theme"),), id="waits")


def drawn(rows: RowList) -> str:
    return "\n".join(rows.render_line(y).text.strip() for y in range(3)).strip()


async def test_that_there_is_nothing_is_said_once_it_is_known() -> None:
    app = Lists()
    async with app.run_test(size=(40, 12)):
        looks, waits = app.query_one("#looks", RowList), app.query_one("#waits", RowList)
        assert (drawn(looks), drawn(waits)) == ("looking", "")
        waits.set_rows(())
        assert drawn(waits) == "no theme"
        waits.set_empty((ours("another"),))
        waits.set_rows(())
        assert drawn(waits) == "another"
