"""Lines with words that are read from right to left: their cells keep their places where a terminal orders lines."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from unicodedata import bidirectional

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from cockpit.ui.terminal.cells import PLAIN, CellRow, Pen
from cockpit.ui.terminal.directions import STRONG_BLANK, steadied
from cockpit.ui.terminal.replica import Replica

BOLD = Pen("1")


def row_of(text: str) -> CellRow:
    """Return a line; what stands between asterisks is bold."""
    parts = text.split("*")
    row = CellRow()
    for number, part in enumerate(parts):
        row.texts += part
        row.pens += [BOLD if number % 2 else PLAIN] * len(part)
    return row


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        # A number behind a name would stand before it.
        ("a ● בדיקות-2     49", "a ● בדיקות-2_    49"),
        ("3s توثيق-2      1 2 שומר 5 │", "3s توثيق-2_     1 2 שומר_5 │"),
        # Words that belong together stay so; what is beside them in another style does not belong to them.
        ("a ● בדיקת ממשק (126)!*שומר*  7", "a ● בדיקת ממשק_(126)!שומר_ 7"),
        ("a בדיקת *ממשק*", "a בדיקת_ממשק"),
        # A line that begins with them is not taken for one that is read from the right.
        ("│ ● שומר  idle", "│_● שומר  idle"),
        # Letters of other scripts end a run themselves.
        ("a توثيق-2x 5", "a توثيق-2x 5"),
        ("a שומר §  worker 5", "a שומר §  worker 5"),
        ("αβγ ทดสอบ (12) 重构 नमस्ते", "αβγ ทดสอบ (12) 重构 नमस्ते"),
    ],
)
def test_what_is_beside_words_from_the_right_does_not_become_a_part_of_them(line: str, sent: str) -> None:
    row = row_of(line)
    steady = steadied(row)
    assert "".join(steady.texts) == sent.replace("_", STRONG_BLANK)
    assert steady.pens == row.pens and "".join(row.texts) == line.replace("*", "")


@given(st.lists(st.sampled_from(["אב", "عر", "ab", "12", "-", " ", "  ", "(", "│"]), max_size=12).map("".join))
def test_columns_are_parted_by_a_letter_from_the_left(line: str) -> None:
    steady = "".join(steadied(row_of(line)).texts)
    assert steady.replace(STRONG_BLANK, " ") == line
    strong = [at for at, letter in enumerate(steady) if bidirectional(letter) in ("L", "R", "AL")]
    for one, other in pairwise(strong):
        if bidirectional(steady[one]) != "L" and bidirectional(steady[other]) != "L":
            # Nothing but one run: no column ends with two blanks, and no number of another column is in it.
            between = steady[one + 1 : other]
            assert "  " not in between and not (" " in between and between.strip())


def test_the_terminal_gets_them_so_and_no_line_without_them_is_touched() -> None:
    lines = ["1 שומר  2".ljust(12), "1 abc   2".ljust(12)]
    strips: list[Iterable[Strip]] = [[Strip([Segment(line)], 12)] for line in lines]
    replica = Replica()
    replica.enter()
    replica.note(LayoutUpdate(strips, Region(0, 0, 12, 2)), (0, 0), colours=ColorSystem.TRUECOLOR)
    sent = replica.difference()
    assert f"שומר{STRONG_BLANK} 2" in sent and sent.count(STRONG_BLANK) == 2
    assert replica.difference() == ""
