"""Lines that a search found: columns as wide as what they hold, and what was looked for is always in sight."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.model.ids import AgentId
from cockpit.model.past import SearchHit
from cockpit.text.sanitize import clean_line
from cockpit.ui.look.hits import columns_of, excerpt, hit_row
from tests.ui.hostile import HOSTILE

NOW = 1_790_000_000.0
FOUND = "version"

names = st.text(max_size=30) | st.just(HOSTILE) | st.sampled_from(["ada", "quill", "refactor-the-limiter-3"])


def hit(before: str, after: str, line: int = 7) -> SearchHit:
    spans = ((len(before), len(before) + len(FOUND)),)
    return SearchHit(AgentId("a"), 1, line, NOW - 60, "output", f"{before}{FOUND}{after}", spans)


@given(st.text(max_size=90), st.text(max_size=90), st.integers(12, 200))
def test_what_was_looked_for_is_in_sight_however_much_stands_before_it(before: str, after: str, width: int) -> None:
    shown = excerpt(hit(before, after), width)
    assert (FOUND, "bold underline") in shown
    assert cell_len("".join(text for text, _ in shown)) <= width


def test_where_all_has_room_nothing_is_cut() -> None:
    shown = excerpt(hit("Which ", " shall I tag?"), 40)
    assert "".join(text for text, _ in shown) == "Which version shall I tag?"
    cut_before = "".join(text for text, _ in excerpt(hit("Published question: Which ", " shall I tag?"), 24))
    assert cut_before.startswith("…") and FOUND in cut_before


@given(st.lists(st.tuples(names, st.integers(0, 10**7)), min_size=1, max_size=6), st.integers(60, 250))
def test_rows_keep_to_their_columns_and_to_the_width(found: list[tuple[str, int]], width: int) -> None:
    listed = [(hit("a ", " b", line), clean_line(name)) for name, line in found]
    columns = columns_of(listed, NOW, width)
    rows = [hit_row(one, name, NOW, width, columns, gone=False).plain for one, name in listed]
    assert all(cell_len(row) <= width for row in rows)
    assert len({cell_len(row[: row.rindex("a version")]) for row in rows}) == 1


def test_columns_take_what_they_hold() -> None:
    listed = [(hit("", "", 298), clean_line("atlas")), (hit("", "", 5), clean_line("quill"))]
    rows = [hit_row(one, name, NOW, 60, columns_of(listed, NOW, 60), gone=False).plain for one, name in listed]
    assert [row.index(FOUND) for row in rows] == [len("09:18  atlas   │ 298  ")] * 2
