"""What a screen keeps in files is written beside the loop: a slow disk delays no key, and nothing is lost."""

from __future__ import annotations

import asyncio
import builtins
import io
import os
import pathlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cockpit.paths import write_private
from cockpit.ui.app import CockpitApp
from cockpit.ui.screens.home.arrangement import Wishes
from cockpit.ui.screens.home.remembered import WishesFile, recalled
from tests.remote.waiting import until
from tests.ui.scene import scene


@pytest.fixture
def written_on_the_loop(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list of what the thread of a running loop writes to a disk."""
    found: list[str] = []

    def watch(module: object, name: str, writes: Callable[..., bool]) -> None:
        real: Callable[..., Any] = getattr(module, name)

        def watched(*words: Any, **named: Any) -> Any:
            if asyncio._get_running_loop() is not None and writes(*words, **named):
                found.append(f"{name} {words[:1]}")
            return real(*words, **named)

        monkeypatch.setattr(module, name, watched)

    def opens_to_write(_file: object, mode: object = "r", *_rest: object, **_named: object) -> bool:
        return isinstance(mode, str) and bool(set(mode) & set("wax+"))

    for name in ("fsync", "replace", "rename"):
        watch(os, name, lambda *_words, **_named: True)
    watch(os, "open", lambda _path, flags=0, *_rest, **_named: bool(flags & (os.O_WRONLY | os.O_RDWR)))
    for module in (builtins, io):
        watch(module, "open", opens_to_write)
    for name in ("write_text", "write_bytes"):
        watch(pathlib.Path, name, lambda *_words, **_named: True)
    return found


@pytest.mark.usefixtures("short_pauses")
async def test_layout_and_saved_output_are_written_beside_the_loop(
    tmp_path: Path, written_on_the_loop: list[str]
) -> None:
    layout, output = tmp_path / "layout.json", tmp_path / "out.md"
    app = CockpitApp(scene(), layout_file=layout)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("2", *["greater_than_sign"] * 6)
        home = app.screen
        home.try_action("read.save")  # type: ignore[attr-defined]
        await until(lambda: app.screen is not home)
        await pilot.press("tab", *["backspace"] * 40, *str(output), "enter")
        await until(output.exists)
    assert written_on_the_loop == []
    assert recalled(layout)["normal"].side == 24, "what was set last is kept, although it was set just before the end"


async def test_of_many_changes_the_last_is_written_and_a_failure_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    writes: list[int] = []
    go_on = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(path: Path, content: str) -> None:
        writes.append(1)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
        write_private(path, content)

    monkeypatch.setattr("cockpit.ui.screens.home.remembered.write_private", slow)
    file = WishesFile(tmp_path / "layout.json", said.append)
    for side in range(100):
        file.keep({"wide": Wishes(side=side)})
    go_on.set()
    await file.close()
    assert recalled(tmp_path / "layout.json") == {"wide": Wishes(side=99)}
    assert len(writes) <= 2, "those between the one that is written and the last are not written at all"
    lost = WishesFile(tmp_path / "absent" / "layout.json", said.append)
    lost.keep({"wide": Wishes()})
    await lost.close()
    assert "the layout is not kept" in said[0]
