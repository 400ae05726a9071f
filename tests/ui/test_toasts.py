"""Notices: the newest three, how many there are besides, and never over what is being typed."""

from __future__ import annotations

import logging

import pytest
from rich.console import RenderableType
from textual.app import App, ComposeResult
from textual.errors import NoWidget
from textual.geometry import Region
from textual.notifications import Notification
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea
from textual.widgets._toast import Toast

from cockpit.text.clean import ours
from cockpit.ui.app import CockpitApp
from cockpit.ui.toasts import KEYS, Toasts, place_beside
from cockpit.ui.widgets.choice_field import ChoiceField
from cockpit.ui.widgets.notice import notice
from tests.remote.waiting import until
from tests.ui.scene import scene


def test_the_newest_stand_and_the_log_has_each_other_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "cockpit.ui.toasts")
    toasts, told = Toasts(), [Notification(f"number {at}", timeout=60) for at in range(5)]
    assert toasts.shown(told[:3]) == told[:3] and not caplog.messages
    more, *newest = toasts.shown(told)
    assert newest == told[2:] and more.message.startswith("+2 more")
    toasts.shown([*told, Notification("number 5", timeout=60)])
    assert [message.rpartition(" ")[2] for message in caplog.messages] == ["0", "1", "2"]


def seen_of(screen: Screen[object], widget: Widget) -> Region:
    """Return the part of a widget that is in sight."""
    try:
        return screen.find_widget(widget).visible_region
    except NoWidget:
        return Region()


@pytest.fixture
def covered(monkeypatch: pytest.MonkeyPatch) -> list[Region]:
    """Return where, frame by frame, a notice stood over the field with the keys."""
    found: list[Region] = []
    display = CockpitApp._display

    def watched(app: CockpitApp, screen: Screen[object], renderable: RenderableType | None) -> None:
        display(app, screen, renderable)
        field = screen.focused
        if isinstance(field, Input | TextArea | ChoiceField) and screen is app.screen:
            stand = (seen_of(screen, toast) for toast in screen.query(Toast))
            found.extend(region for region in stand if field.region.overlaps(region))

    monkeypatch.setattr(CockpitApp, "_display", watched)
    return found


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_no_frame_has_a_notice_over_what_is_being_typed_and_the_newest_begins_in_sight(
    size: tuple[int, int], covered: list[Region]
) -> None:
    app = CockpitApp(scene())
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        home = app.screen
        await pilot.press("1", "home", "down")
        for _ in range(5):
            notice(app, ours("an agent was told and said nothing: nobody knows what became of the text"), timeout=90)
        written = ("p", *"abc"), ("question_mark", *"abc"), ("n",), ("n", "tab", "tab", "tab"), ("t", "tab", *"abc")
        for keys in written:
            await pilot.press(*keys)

            def newest_begins_in_sight() -> bool:
                toasts = list(app.screen.query(Toast))
                newest = seen_of(app.screen, toasts[-1]) if len(toasts) == 4 else Region()
                return app.screen.focused is not None and bool(newest) and newest.y == toasts[-1].region.y

            await until(newest_begins_in_sight)
            await pilot.press("escape")
            await until(lambda: app.screen is home and home.query_one("#composer") is not home.focused)
    assert not covered


class Written(Screen[object]):
    """A field with two lines above it, and some below."""

    def __init__(self, low: int) -> None:
        super().__init__()
        self._low = low

    def is_laid_out(self) -> bool:
        """Tell whether the field has its place and the keys."""
        return self.focused is not None and bool(self.focused.region)

    def compose(self) -> ComposeResult:
        field = TextArea()
        field.styles.margin = (2, 0, self._low, 0)
        yield field


async def test_a_field_in_the_midst_leaves_notices_the_lines_above_or_below_it() -> None:
    app: App[None] = App()
    async with app.run_test(size=(40, 12)):
        for low in range(6):
            screen = Written(low)
            await app.push_screen(screen)
            await until(screen.is_laid_out)
            foot, most = place_beside(screen)
            stand = range(12 - foot - most, 12 - foot)
            assert not set(stand) & set(screen.query_one(TextArea).region.line_range)
            assert len(stand) == max(2, low - KEYS), (foot, most)
