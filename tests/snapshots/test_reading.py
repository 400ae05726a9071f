"""Pictures of reading: a block pointed to among times and figures, words found, a search over everything."""

from __future__ import annotations

import time
from typing import Any

import pytest
from textual.widgets import Input

from cockpit.model.ids import AgentId, VmId
from cockpit.model.past import RememberedAgent, SearchHit
from tests.snapshots.test_screens import SnapCompare, cockpit
from tests.ui.fake_engine import NOW
from tests.ui.scene import agents, scene


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _field: None)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("pointed", ["down", "4", "Z", "left_square_bracket", "l"]),
        ("found", ["down", "4", "Z", "slash", *"cursor", "enter", "N"]),
        ("raw", ["down", "4", "Z", "backslash"]),
    ],
    ids=["pointed", "found", "raw"],
)
def test_output(snap_compare: SnapCompare, name: str, keys: list[str]) -> None:
    assert snap_compare(cockpit(), press=keys, terminal_size=(110, 34))


def test_search(snap_compare: SnapCompare) -> None:
    engine = scene()
    gone, living = AgentId("gone"), agents()[1].id
    engine.recorded.remembered = (
        RememberedAgent(gone, "w-older", VmId("v"), NOW - 90_000),
        RememberedAgent(living, agents()[1].name, agents()[1].vm_id, NOW - 9_000),
    )
    text = "the cursor loses its sub-second part; compare as text"
    engine.recorded.hits = [
        SearchHit(living, 1, 240, NOW - 600, "answer", text, ((4, 10),)),
        SearchHit(living, 1, 212, NOW - 900, "tool", "edit api/cursor.py", ((9, 15),)),
        SearchHit(gone, 1, 9_120, NOW - 90_000, "error", "no such cursor: 語語 <b>\x1b[31m", ((8, 14),)),
    ]

    async def found(pilot: Any) -> None:
        await pilot.press("S", *"cursor")
        await pilot.pause()

    assert snap_compare(cockpit(engine), run_before=found, terminal_size=(110, 20))
