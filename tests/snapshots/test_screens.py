"""Pictures: the home screen at each width, each theme once, each dialog once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from textual.widgets import Input, TextArea

from cockpit.model.fleet import Fleet
from cockpit.model.ids import OperationId
from cockpit.model.operation import Operation, Step
from cockpit.ui.app import CockpitApp
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.scene import scene

SnapCompare = Callable[..., bool]


def cockpit(engine: FakeEngine | None = None, **options: Any) -> CockpitApp:
    """Build the cockpit over the scene."""
    return CockpitApp(engine or scene(), **options)


@pytest.fixture(autouse=True)
def _no_cursor_blinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no cursor be invisible at the moment of the picture, however long it took until then, nor a time be local."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _field: None)
    monkeypatch.setattr(TextArea, "_toggle_cursor_blink_visible", lambda _field: None)


SIZES = ((60, 20), (80, 24), (100, 30), (120, 40), (160, 50), (200, 50), (250, 60))


@pytest.mark.parametrize("size", SIZES, ids=[f"{width}x{height}" for width, height in SIZES])
def test_home(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    assert snap_compare(cockpit(), press=["down"], terminal_size=size)


@pytest.mark.parametrize("theme", ["cockpit-light", "high-contrast", "colour-blind", "ansi"])
def test_theme(snap_compare: SnapCompare, theme: str) -> None:
    assert snap_compare(cockpit(theme=theme), press=["down"], terminal_size=(120, 40))


PALETTES = {
    "60x20": ((60, 20), "cockpit-dark", ""),
    "80x24": ((80, 24), "cockpit-dark", "task"),
    "120x40": ((120, 40), "cockpit-dark", ""),
    "high-contrast": ((120, 40), "high-contrast", "pa"),
}
"""The palette at these sizes, in these themes, for what was typed."""


@pytest.mark.parametrize("name", list(PALETTES))
def test_palette(snap_compare: SnapCompare, name: str) -> None:
    size, theme, typed = PALETTES[name]
    assert snap_compare(cockpit(theme=theme), press=["ctrl+p", *typed], terminal_size=size)


def test_empty_fleet(snap_compare: SnapCompare) -> None:
    empty = FakeEngine(Fleet(source="embedded"))
    assert snap_compare(cockpit(empty), terminal_size=(120, 40))


def test_read_only(snap_compare: SnapCompare) -> None:
    assert snap_compare(cockpit(read_only=True), terminal_size=(120, 40))


STATES: dict[str, Iterable[str]] = {
    "prompt": ["down", "p", *"Add a test"],
    "steer": ["down", "s", *"Stop and read"],
    "question": ["exclamation_mark"],
    "zoom": ["down", "o"],
    "feed": ["5"],
    "filter": ["slash", *"w-"],
    "spawn": ["n", "tab"],
    "destroy": ["down", "D"],
    "answer": ["exclamation_mark", "a"],
    "inbox": ["I"],
}


@pytest.mark.parametrize("name", list(STATES))
def test_state(snap_compare: SnapCompare, name: str) -> None:
    keys = list(STATES[name])
    assert snap_compare(cockpit(), press=keys, terminal_size=(110, 34))


def test_spawn_steps_name_the_step_that_failed(snap_compare: SnapCompare) -> None:
    engine = scene()

    async def fail(pilot: Any) -> None:
        await pilot.press("n", *"ada", "enter")
        await pilot.pause()
        steps = (
            Step("restore the image", NOW - 9, NOW - 6.5, detail="golden"),
            Step("wait for SSH", NOW - 6.5, NOW - 1.2),
            Step("start pi", NOW - 1.2, NOW - 0.3, error="pi: command not found"),
        )
        operation = Operation(
            OperationId("c1"),
            "spawn",
            "ada",
            NOW - 9,
            steps,
            NOW - 0.3,
            "start pi failed",
            "install pi on the image",
        )
        fleet = engine.fleet
        engine.change(Fleet(**{name: getattr(fleet, name) for name in _FIELDS} | {"operations": (operation,)}))
        pilot.app.screen.flush_steps()
        pilot.app.screen_stack[0].bridge.flush()
        await pilot.pause()

    assert snap_compare(cockpit(engine), terminal_size=(110, 34), run_before=fail)


_FIELDS = tuple(Fleet.__dataclass_fields__)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=["80x24", "160x45"])
@pytest.mark.parametrize("key", ["b", "N"], ids=["board", "feed"])
def test_over_home(snap_compare: SnapCompare, key: str, size: tuple[int, int]) -> None:
    assert snap_compare(cockpit(), press=[key, "right"], terminal_size=size)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=["80x24", "120x40", "200x50"])
@pytest.mark.parametrize("keys", [("down", "enter"), ("g",), ("semicolon",)], ids=["agent", "grid", "jump"])
def test_one_and_several(snap_compare: SnapCompare, keys: tuple[str, ...], size: tuple[int, int]) -> None:
    assert snap_compare(cockpit(), press=[*keys], terminal_size=size)
