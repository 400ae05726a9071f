"""Keys that were read together and written at once do what each of them would have done alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from textual import events
from textual.app import ComposeResult
from textual.keys import _character_to_key
from textual.screen import Screen

from cockpit.ui.app import CockpitApp
from cockpit.ui.widgets.data_fields import DataInput, DataTextArea
from cockpit.ui.writing.composer import Composer
from tests.ui.fake_engine import FakeEngine
from tests.ui.notebook_double import NotebookDouble

LETTERS = st.text(st.sampled_from("ab ,.Zé世\u200d\u0301\u3000\u00a0"), min_size=1, max_size=12).map(tuple)
ACTS = st.sampled_from(
    ["left", "right", "up", "down", "home", "end", "shift+left", "shift+right", "shift+up", "shift+home", "backspace",
     "delete", "ctrl+w", "ctrl+u", "ctrl+k", "ctrl+z", "ctrl+y", "ctrl+a", "ctrl+j", "ctrl+t", "enter", "tab",
     "shift+tab", "escape", "f1"]
).map(lambda name: (name,))  # fmt: skip
LINES = st.lists(st.one_of(st.text("ab世", min_size=1, max_size=9).map(tuple), st.just(("ctrl+j",))), max_size=6)
PIECES = st.lists(st.one_of(LETTERS, ACTS, LINES.map(lambda lines: tuple(key for line in lines for key in line))))
SEQUENCES = PIECES.map(lambda pieces: [key for piece in pieces for key in piece])

State = tuple[object, ...]


class Fields(Screen[None]):
    """One field of each kind, two of them with a text."""

    def compose(self) -> ComposeResult:
        yield DataTextArea("one\ntwo three", id="area", tab_behavior="focus")
        yield DataInput("text", id="filled")
        yield DataInput(id="empty")
        yield Composer(NotebookDouble(lambda: 0.0), id="composer")
        yield DataTextArea("indented", id="indenting", tab_behavior="indent")
        fixed = DataTextArea("fixed", id="fixed")
        fixed.read_only = True
        yield fixed


class FieldsApp(CockpitApp):
    """The cockpit's own handling of keys over a screen of fields."""

    CSS_PATH: ClassVar = []

    def get_default_screen(self) -> Fields:  # type: ignore[override]
        return Fields()

    def state(self) -> State:
        """Return everything that keys changed."""
        areas = [
            (area.text, area.selection, [[edit.text for edit in batch] for batch in area.history.undo_stack])
            for area in self.screen.query(DataTextArea)
        ]
        inputs = [(field.value, field.selection) for field in self.screen.query(DataInput)]
        return areas, inputs, self.focused.id if self.focused else None, self.screen.query_one(Composer).mode


async def after(keys: Sequence[str], *, together: int) -> State:
    """Return what a sequence of keys leaves when so many are written at once at most."""
    app = FieldsApp(FakeEngine())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("cockpit.ui.key_gate.MOST_TOGETHER", together)
        patched.setattr("cockpit.ui.key_gate.LIMIT", 60.0)
        async with app.run_test(size=(60, 40)) as pilot:
            for area in app.screen.query(DataTextArea):
                area.history.checkpoint_timer = float("inf")
            for key in keys:
                name = _character_to_key(key) if len(key) == 1 else key
                app.post_message(events.Key(name, key if len(key) == 1 else None))
            await pilot.pause()
            task = app.gate._task
            if task is not None:
                await task
            await pilot.pause()
            return app.state()


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],  # each example starts the screen twice: shrinking would take minutes
)
@given(SEQUENCES)
def test_any_sequence_of_keys_leaves_the_same_with_and_without_joining(keys: list[str]) -> None:
    assert asyncio.run(after(keys, together=4096)) == asyncio.run(after(keys, together=1))
