"""The footer names the keys that act now where one is, those that matter there first; none that is dead."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from cockpit.ui.actions.footer import FILTER_KEYS, footer_pieces, typed_keys
from cockpit.ui.actions.keys import key_label
from cockpit.ui.actions.registry import ACTIONS, disabled_reason
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.screens.search import KEYS as SEARCH_KEYS
from cockpit.ui.screens.timeline import KEYS as TIMELINE_KEYS
from tests.remote.waiting import until
from tests.ui.needs_you.test_strip import take_the_strip
from tests.ui.test_home import cockpit, shown

pytestmark = pytest.mark.usefixtures("short_pauses")


def foot(home: HomeScreen) -> str:
    return shown(home, "#footer")


def test_the_way_out_has_its_place_however_narrow_the_screen_is() -> None:
    for keys in (SEARCH_KEYS, TIMELINE_KEYS, FILTER_KEYS):
        for width in (30, 60, 200):
            words = "".join(text for text, _ in typed_keys(keys, width))
            assert " esc " in words and cell_len(words) <= width
        assert all(f" {key} {label} " in words for key, label in keys)


async def test_only_what_acts_now_is_named_in_every_pane() -> None:
    async with cockpit(size=(250, 60)) as (pilot, home, _engine):
        for pane in ("agents", "board", "vms", "output", "feed"):
            home.focus_pane(pane)
            await pilot.pause()
            home.bridge.flush()
            situation = home.situation()
            words = foot(home)
            assert words == "".join(str(text) for text, _ in footer_pieces(situation, home.keys, 250))
            for action in ACTIONS:
                if action.keys and pane in action.panes and disabled_reason(action, situation):
                    shown_key = key_label(action.keys.split(",")[0])
                    assert f" {shown_key} {action.label} " not in words, (pane, action.id)
        home.focus_pane("output")
        await pilot.pause()
        home.bridge.flush()
        assert foot(home).index("hints") < foot(home).index("prompt")


async def test_while_what_waits_or_a_filter_has_the_keys_theirs_are_named() -> None:
    async with cockpit() as (pilot, home, _engine):
        assert "prompt" in foot(home)
        await take_the_strip(pilot)
        await until(lambda: foot(home).startswith(" 1 15 minutes"))
        assert "leave" in foot(home) and "prompt" not in foot(home)
        await pilot.press("exclamation_mark")
        await until(lambda: foot(home).startswith(" R relaunch  w why"))
        await pilot.press("escape")
        await until(lambda: "* mark" in foot(home))
        await pilot.press("slash")
        await until(lambda: foot(home).startswith(" type narrow  ⏎ keep  esc show all"))
        assert "prompt" not in foot(home)
