"""One line names agents and a task, or says why it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.spawn_line import SpawnLine, read_spawn_line
from cockpit.model.workers import MOST


@pytest.mark.parametrize(
    ("text", "names", "task"),
    [
        ("ada", ("ada",), ""),
        (" ada : look at a:b ", ("ada",), "look at a:b"),
        ("docs, api web", ("docs", "api", "web"), ""),
        ("w*3: go", ("w-1", "w-2", "w-4"), "go"),
        ("w * 2, ada", ("w-1", "w-2", "ada"), ""),
        ("w*1", ("w",), ""),
        ("w*2 w*1 ", ("w-1", "w-2", "w"), ""),
    ],
)
def test_what_a_line_means(text: str, names: tuple[str, ...], task: str) -> None:
    assert read_spawn_line(text, {"w-3"}) == SpawnLine(names, task)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "name"),
        (" : go", "name"),
        ("w*0", "number"),
        (f"w*{MOST + 1}", "number"),
        ("a b a", "twice"),
        ("a*50 b", "51"),
    ],
)
def test_what_means_nothing_says_why(text: str, word: str) -> None:
    assert word in read_spawn_line(text).fault


@given(st.text(alphabet="aw-*,: 12\x1b\u202e", max_size=40))
def test_any_line_is_read_with_names_that_differ_or_a_fault(text: str) -> None:
    read = read_spawn_line(text, {"a-1"})
    assert read.fault or (read.names and len(set(read.names)) == len(read.names) <= MOST)
    assert all(name and not any(character in name for character in ", ") for name in read.names)
