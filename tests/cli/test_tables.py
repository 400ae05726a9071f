"""Tables of verbs are aligned on the terminal: measured by a terminal emulator, whatever the cells hold."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.cli import output

WORDS = (
    "ada",
    "\u7de8\u96c6\u8005",
    "cafe\u0301",
    "n\u0303" * 3,
    "\uff21\uff22",
    "\ud55c\uad6d\uc5b4",
    "na\u00efve",
    "",
)


def columns(printed: str, mark: str) -> set[int]:
    """Return at which columns of the screen a mark stands."""
    screen = pyte.Screen(300, len(printed.splitlines()) + 1)
    pyte.Stream(screen).feed(printed.replace("\n", "\r\n"))
    return {column for row in screen.buffer.values() for column, cell in row.items() if cell.data == mark}


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6))
def test_the_second_column_begins_at_one_place(words: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        said: list[str] = []
        patch.setattr(output, "say", said.append)
        output.print_table(("NAME", "#"), [(word, "#") for word in words])
    assert len(columns("\n".join(said), "#")) == 1, said


def test_a_long_cell_is_cut_by_cells_and_what_is_drawn_as_one_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(output, "say", said.append)
    output.print_table(("A", "#"), [("\u7de8" * 100, "#"), ("x" * 59 + "e\u0301" + "y", "#"), ("z" * 500, "#")])
    assert columns("\n".join(said), "#") == {output.MAX_CELL + 2}
    assert said[1].split()[0] == "\u7de8" * 30
    assert said[2].split()[0] == "x" * 59 + "e\u0301"
