"""Notices: the newest three, how many there are besides, and never over what is being typed."""

from __future__ import annotations

import logging

import pytest
from textual.errors import NoWidget
from textual.geometry import Region
from textual.notifications import Notification
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets._toast import Toast

from cockpit.text.clean import ours
from cockpit.ui.app import CockpitApp
from cockpit.ui.toasts import Toasts
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


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_no_notice_covers_what_is_being_typed(size: tuple[int, int]) -> None:
    app = CockpitApp(scene())
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        home = app.screen
        await pilot.press("1", "home", "down")
        for _ in range(5):
            notice(app, ours("an agent was told and said nothing: nobody knows what became of the text"), timeout=90)
        for keys in (("p", *"abc"), ("question_mark", *"abc"), ("n",), ("n", "tab", "tab", "tab")):
            await pilot.press(*keys)

            def clear() -> bool:
                field, screen = app.screen.focused, app.screen
                seen = [seen_of(screen, toast) for toast in screen.query(Toast)]
                stand = len(seen) == 4 and any(region.area for region in seen)
                return field is not None and stand and not any(field.region.overlaps(region) for region in seen)

            await until(clear)
            await pilot.press("escape")
            await until(lambda: app.screen is home and home.query_one("#composer") is not home.focused)
