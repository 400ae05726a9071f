"""What a closed screen had painted is held by nobody."""

from __future__ import annotations

import gc
from collections import Counter

import pytest
from textual._styles_cache import StylesCache
from textual.pilot import Pilot
from textual.strip import Strip

from tests.remote.waiting import until
from tests.ui.test_home import cockpit


def held() -> Counter[str]:
    """Count what is kept of what was painted."""
    gc.collect()
    return Counter(kind.__name__ for one in gc.get_objects() for kind in (StylesCache, Strip) if isinstance(one, kind))


async def open_and_close(pilot: Pilot[None]) -> None:
    """Open help and palette, and leave them."""
    for key in ("question_mark", "ctrl+p"):
        await pilot.press(key)
        await until(lambda: len(pilot.app.screen_stack) > 1)
        await pilot.pause()
        while len(pilot.app.screen_stack) > 1:
            await pilot.press("escape")
            await pilot.pause()


@pytest.mark.usefixtures("short_pauses")
async def test_what_closed_screens_painted_goes_with_them() -> None:
    async with cockpit(size=(160, 45)) as (pilot, _, _):
        await open_and_close(pilot)
        before = held()
        for _ in range(2):
            await open_and_close(pilot)
        await until(lambda: held()["StylesCache"] <= before["StylesCache"])
        assert held()["Strip"] < before["Strip"] * 1.3
