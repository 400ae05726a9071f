"""Columns in a width: the chosen one is there, none overlaps, none is narrower than it may be."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cockpit.ui.board.columns import FOLDED, LEAST, lay_out


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.integers(0, 9), st.integers(0, 7), st.integers(10, 260))
def test_columns_stand_side_by_side(folded: list[bool], first: int, chosen: int, width: int) -> None:
    chosen %= len(folded)
    start, columns = lay_out(folded, first, chosen, width)
    places = [column.at for column in columns]
    assert places == list(range(start, start + len(columns))) and chosen in places
    for one, other in pairwise(columns):
        assert one.x + one.width < other.x
    assert columns[0].x == 0 and columns[-1].x + columns[-1].width <= max(width, 1)
    if len(columns) > 1:
        assert all(column.width >= (FOLDED if folded[column.at] else LEAST) for column in columns[:-1])
    assert lay_out(folded, start, chosen, width) == (start, columns), "it stays where it is"
