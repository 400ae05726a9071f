"""Rows of minutes: as wide as the screen whatever the names are, and one sign for each cell."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.ids import AgentId
from cockpit.model.timeline.minute import AgentMinutes, Minute
from cockpit.text.sanitize import clean_line
from cockpit.ui.look.cells import width_of
from cockpit.ui.look.timeline import SUMS, axis_line, cells_of, timeline_row
from tests.ui.hostile import HOSTILE

seconds = st.floats(0, 60)
minutes = st.builds(Minute, seconds, seconds, seconds, seconds, st.integers(0, 2), st.floats(0, 900))


@given(
    st.dictionaries(st.integers(0, 200), minutes, max_size=20),
    st.text(max_size=30) | st.just(HOSTILE) | st.just("語👩‍👩‍👧שלום" * 9),
    st.integers(0, 190),
    st.sampled_from([1, 2, 5, 60]),
    st.integers(1, 90),
)
def test_a_row_is_as_wide_as_its_axis(known: dict[int, Minute], name: str, first: int, span: int, number: int) -> None:
    row = AgentMinutes(AgentId("a"), name, known)
    cells = cells_of(row, first, span, number)
    assert [cell.cost for cell in cells] == [row.cell(first + at * span, span).cost for at in range(number)]
    said = clean_line(name)
    drawn = timeline_row(row, said, (said,), cells, 12, number - 1, gone=False)
    assert width_of(drawn.plain) == 12 + 1 + number + SUMS == width_of(axis_line(first, span, number, 12).plain)
