"""Resize and label by the palette, on the row of a VM."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from cockpit.model.platform import Resize, SetLabels
from cockpit.ui.actions.machines import changes_of
from tests.ui.test_home import cockpit


async def test_a_disk_grows_to_what_is_typed_and_to_nothing_else() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("4", "ctrl+p", *"resize", "enter")
        await pilot.pause()
        vm = home.selected_vm()
        assert vm is not None
        field = pilot.app.screen.query_one("#disk", Input)
        for typed, said in (("much", "MiB, or 20G"), ("0", "cannot be had")):
            field.value = typed
            await pilot.press("enter")
            await pilot.pause()
            assert said in str(pilot.app.screen.query_one("#problem").render()) and engine.ordered == []
        field.value = "20G"
        await pilot.press("enter")
        await pilot.pause()
        assert engine.ordered == [Resize(vm.id, 20480)]


async def test_labels_are_added_and_removed_in_one_line() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("4", "ctrl+p", *"platform keeps", "enter")
        await pilot.pause()
        vm = home.selected_vm()
        assert vm is not None
        pilot.app.screen.query_one("#labels", Input).value = "team=a -old"
        await pilot.press("enter")
        await pilot.pause()
        assert engine.ordered == [SetLabels(vm.id, (("team", "a"),), ("old",))]


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("a=b=c -d", ((("a", "b=c"),), ("d",))),
        ("", ((), ())),
        ("word", None),
        ("-", None),
        ("=x", None),
        ("-a=b", None),
    ],
)
def test_a_line_of_changes_is_read_or_refused(
    text: str, changes: tuple[tuple[tuple[str, str], ...], tuple[str, ...]] | None
) -> None:
    assert changes_of(text) == changes
