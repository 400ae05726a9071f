"""Rows of minutes: as wide as the screen whatever the names are, and one sign for each cell."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.ids import AgentId
from cockpit.model.timeline.minute import AgentMinutes, Minute
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.look.cells import width_of
from cockpit.ui.look.timeline import SUMS, axis_line, cell_words, cells_of, room_for, signs_of, timeline_row
from tests.ui.hostile import HOSTILE

seconds = st.floats(0, 60)
minutes = st.builds(Minute, seconds, seconds, seconds, seconds, st.integers(0, 2), st.floats(0, 900))


@given(
    st.dictionaries(st.integers(0, 200), minutes, max_size=20),
    st.text(max_size=30) | st.just(HOSTILE) | st.just("語👩‍👩‍👧שלום" * 9),
    st.integers(0, 190),
    st.sampled_from([1, 2, 5, 60]),
    st.integers(1, 90),
    st.integers(-9, 99),
    st.integers(1, 40),
)
def test_a_row_is_as_wide_as_its_axis(
    known: dict[int, Minute], name: str, first: int, span: int, columns: int, began: int, recorded: int
) -> None:
    room = room_for(columns, recorded)
    number = room.cells
    assert columns == number * room.stretch + room.blank and (number >= min(recorded, columns))
    row = AgentMinutes(AgentId("a"), name, known)
    cells = cells_of(row, first, span, number)
    assert [cell.cost for cell in cells] == [row.cell(first + at * span, span).cost for at in range(number)]
    said = clean_line(name)
    stretched = {"stretch": room.stretch, "blank": room.blank}
    drawn = timeline_row(row, said, (said,), cells, 12, number - 1, began=began, gone=False, span=span, **stretched)
    axis = axis_line(first, span, number, 12, **stretched)
    assert width_of(drawn.plain) == 12 + 1 + columns + SUMS == width_of(axis.plain)


def test_before_the_first_minute_that_is_recorded_nothing_is_claimed() -> None:
    worked = Minute(tool=60.0)
    row = AgentMinutes(AgentId("a"), "ada", {104: worked})
    drawn = timeline_row(row, ours("ada"), (), cells_of(row, 100, 1, 7), 3, None, began=4, gone=False)
    assert drawn.plain.startswith("ada     █··")
    said = "".join(text for text, _ in cell_words(ours("ada"), Minute(), 0, 1, known=False))
    assert "nothing is recorded yet" in said
    assert "nothing to do" in "".join(text for text, _ in cell_words(ours("ada"), Minute(), 0, 1, known=True))


def test_a_short_history_fills_the_row_and_shares_each_minute_out() -> None:
    busy = Minute(tool=30.0, writing=15.0)
    assert "".join(text for text, _ in signs_of(busy, 1, 12)) == "██████▓▓▓···"
    asked = Minute(tool=600.0, asking=0.5)
    assert "".join(text for text, _ in signs_of(asked, 1, 4)) == "███?", "a question is seen, however short it stood"
    assert "".join(text for text, _ in signs_of(Minute(errors=1), 1, 4)) == "···✗"
    room = room_for(80, 5)
    assert (room.cells, room.stretch, room.blank) == (5, 16, 0) and room_for(80, 400).stretch == 1
    row = AgentMinutes(AgentId("a"), "ada", {104: busy})
    cells = cells_of(row, 104, 1, 2)
    drawn = timeline_row(row, ours("ada"), (), cells, 3, None, began=0, gone=False, stretch=4, blank=1)
    assert drawn.plain.startswith("ada  ██▓·····")


def test_what_is_pointed_at_shows_what_it_holds_and_has_a_line_over_it_where_it_is_wide() -> None:
    row = AgentMinutes(AgentId("a"), "ada", {104: Minute(tool=60.0), 105: Minute(tool=60.0)})
    cells = cells_of(row, 104, 1, 2)
    narrow = timeline_row(row, ours("ada"), (), cells, 3, 1, began=0, gone=False)
    wide = timeline_row(row, ours("ada"), (), cells, 3, 1, began=0, gone=False, stretch=8)
    assert "reverse" in str(narrow.spans) and "reverse" not in str(wide.spans)
    axis = axis_line(104, 1, 2, 3, 8, 0, 1).plain
    assert axis[9:12] == "   " and axis[17:20] == "───", "the time of a cell, and the line behind it"
    assert "─" not in axis_line(104, 1, 2, 3).plain
