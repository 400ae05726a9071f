"""A key costs the same in a short text and in one of 200 kB: what looks at a whole text waits for a pause."""

from __future__ import annotations

import sys
from collections import Counter
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.attachments import references_in
from cockpit.model.notebook.named_images import NamedImages
from cockpit.model.notebook.secrets import holds_secret
from cockpit.ui.widgets.data_fields import DataDocument
from tests.ui.scene import scene
from tests.ui.test_home import cockpit
from tests.ui.test_key_gate import settled

LINE = "value = call(other) @shot.png and some more words to fill a line\n"

GROWING = 300
"""Calls more in a text that is a hundred times as long: all that timers of the application do meanwhile is below it."""


async def calls_of_a_key(size: int, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int, int]:
    """Return what a key costs behind a text: calls of Python, whole texts put together, and images counted."""
    joined: list[int] = []

    def whole(document: DataDocument) -> str:
        joined.append(1)
        return "\n".join(document.lines)

    monkeypatch.setattr(DataDocument, "text", property(whole))
    async with cockpit(scene()) as (pilot, home, engine):
        await pilot.press("p")
        home.composer.put(LINE * (size // len(LINE)))
        await settled(pilot)
        await pilot.press("a")
        await settled(pilot)
        calls: Counter[str] = Counter()

        def count(frame: FrameType, event: str, _argument: object) -> None:
            if event == "call":
                calls[frame.f_code.co_filename] += 1

        joined.clear()
        # The whole way of one key through the composer, without the application's timers beside it.
        composer = home.composer
        sys.setprofile(count)
        try:
            composer._replace_via_keyboard("b", *composer.selection)
            composer._written()
            composer.describe("", "goes at once")
            for y in range(composer.size.height):
                composer.render_line(y)
            home.flush_composer()
        finally:
            sys.setprofile(None)
        found = len(joined)
        assert home.selected is not None
        assert engine.notebook.draft(home.selected).text == composer.text, "what is written is there all the same"
        assert composer.text.endswith("ab")
        return calls.total(), found, len(references_in(composer.text))


async def test_a_key_costs_the_same_behind_two_hundred_thousand_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as first:
        short, *_ = await calls_of_a_key(2_000, first)
    with monkeypatch.context() as second:
        long, joined, images = await calls_of_a_key(200_000, second)
    assert joined == 0, "no key puts the whole text together"
    assert long - short < GROWING, f"{short} calls in a short text, {long} in a long one"
    assert images == 1


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.text('@ab.png" \n,é', max_size=14)), max_size=8))
def test_images_that_are_counted_line_by_line_are_those_of_the_whole(edits: list[tuple[int, int, str]]) -> None:
    lines = ["@a.png", ""]
    images = NamedImages(lines)
    for begin, end, text in edits:
        begin, end = sorted((min(begin, len(lines)), min(end, len(lines))))
        come = text.split("\n")
        gone, lines[begin:end] = lines[begin:end], come
        images.exchange(gone, come)
        assert len(images) == len(references_in("\n".join(lines)))


@pytest.mark.parametrize("before", [0, 3_990, 4_000, 200_000])
def test_a_secret_is_found_wherever_it_stands(before: int) -> None:
    filling = ("word " * 15 + "\n") * (before // 76) + "w " * (before % 76 // 2)
    assert not holds_secret(filling)
    for secret in (
        "ghp_abcdefghijklmnopqrstuvwx",
        "Authorization: Bearer\n  abcdef0123456789",
        "password =\n  hunter2hunter2",
    ):
        assert holds_secret(f"{filling} {secret} {filling}"), secret
        assert holds_secret(f"{filling}\n{secret}")
