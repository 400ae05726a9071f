"""Where the areas stand: nothing is lost at any size, the output is the widest after the rows, and wishes are kept."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region

from cockpit.ui.app import CockpitApp
from cockpit.ui.screens.home.arrangement import AGENTS, CENTER, SIDE, HomeView, Wishes, arrange, closed, size_class
from cockpit.ui.screens.home.remembered import recalled, remember
from tests.ui.scene import scene

WISHES = st.builds(
    Wishes, st.integers(-400, 400), st.integers(-400, 400), st.frozensets(st.sampled_from(SIDE), max_size=3)
)
NEEDED = st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40))
VIEWS = st.builds(
    HomeView,
    slot=st.sampled_from((AGENTS, *SIDE)),
    reading=st.booleans(),
    zoomed=st.sampled_from(("", AGENTS, CENTER)),
    rows=st.integers(0, 500),
    needs=st.dictionaries(st.sampled_from(SIDE), st.integers(0, 60)),
    wishes=st.dictionaries(st.sampled_from(("wide", "normal", "small", "single")), WISHES),
)


@given(st.integers(40, 260), st.integers(16, 80), VIEWS)
def test_areas_cover_the_screen_and_share_no_more_than_a_frame(width: int, height: int, view: HomeView) -> None:
    found = arrange(width, height, view, height + 2)
    whole = Region(0, 0, width, height)
    assert all(whole.contains_region(region) for region in found.values())
    for y in range(0, height, 5):
        row = sorted((region.x, region.right) for region in found.values() if region.y <= y < region.bottom)
        assert row[0][0] == 0 and row[-1][1] == width
        assert all(0 <= before[1] - after[0] <= 2 for before, after in pairwise(row))
    assert closed(found)
    if view.zoomed:
        assert found == {view.zoomed: whole}
    elif size_class(width, height + 2) == "single":
        assert found == {CENTER if view.reading else view.slot: whole}
    else:
        assert found[CENTER].height >= 8 and found[CENTER].width >= 30


@given(st.integers(100, 260), st.integers(30, 80), st.integers(1, 60))
def test_from_100_by_30_on_four_areas_are_there_and_the_output_is_the_widest_below_the_rows(
    width: int, height: int, rows: int
) -> None:
    found = arrange(width, height, HomeView(rows=rows), height)
    assert {AGENTS, "board", "vms", CENTER} <= set(found)
    assert found[AGENTS].width == width
    assert all(found[CENTER].width > found[area].width for area in found if area not in (AGENTS, CENTER))
    assert ("feed" in found) == (width >= 150)


@given(
    st.integers(100, 260), st.integers(30, 80), st.tuples(*[st.integers(1, 40)] * 3), st.sampled_from((AGENTS, *SIDE))
)
def test_no_area_has_blank_lines_while_one_below_or_above_it_is_cut(
    width: int, height: int, lines: tuple[int, int, int], slot: str
) -> None:
    needs = dict(zip(SIDE, lines, strict=True))
    found = arrange(width, height - 2, HomeView(slot=slot, rows=6, needs=needs), height)
    lowest = closed(found)
    for left in {found[area].x for area in SIDE if area in found}:
        column = [area for area in SIDE if area in found and found[area].x == left]
        room = {area: found[area].height - 1 - (area in lowest) for area in column}
        cut = [area for area in column if room[area] < needs[area]]
        # An area may not be lower than a title and three lines.
        blank = [area for area in column if room[area] > max(3, needs[area]) + (area in lowest)]
        assert not (cut and blank), (room, needs)
        assert all(blanks == column[-1] for blanks in blank), "blank lines stand at the foot"
        assert len(column) == 1 or all(room[area] >= min(2, needs[area]) for area in column)


def test_beside_one_column_the_feed_stands_below_the_others_where_these_leave_it_room() -> None:
    few, many = {"board": 4, "vms": 5, "feed": 90}, {"board": 14, "vms": 9, "feed": 90}
    assert set(arrange(120, 36, HomeView(rows=6, needs=few), 38)) == {AGENTS, *SIDE, CENTER}
    assert "feed" not in arrange(120, 36, HomeView(rows=6, needs=many), 38)
    assert "vms" not in arrange(120, 36, HomeView(slot="feed", rows=6, needs=many), 38)


def test_what_is_hidden_gives_its_room_to_its_neighbours() -> None:
    before = arrange(120, 40, HomeView(rows=6), 40)
    without = arrange(120, 40, HomeView(rows=6, wishes={"normal": Wishes(hidden=frozenset({"board", "vms"}))}), 40)
    assert set(without) == {AGENTS, CENTER}
    assert without[CENTER].width == 120 > before[CENTER].width


def test_wishes_are_kept_by_size_class_and_a_broken_file_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "layout.json"
    kept = {"wide": Wishes(3, -8, frozenset({"feed"})), "small": Wishes(-1)}
    assert recalled(file) == {} == recalled(None)
    assert remember(file, kept) == "" == remember(None, kept)
    assert recalled(file) == kept
    file.write_text('{"wide": {"side": "a", "hidden": ["output", 3], "agents": 99999}, "vast": {}, "small": 1}')
    assert recalled(file) == {"wide": Wishes(400)}
    file.write_text("{")
    assert recalled(file) == {}
    assert "not kept" in remember(tmp_path / "absent" / "layout.json", kept)


async def test_areas_are_resized_and_hidden_by_keys_and_stay_so_in_the_next_cockpit(tmp_path: Path) -> None:
    file = tmp_path / "layout.json"
    app = CockpitApp(scene(), layout_file=file)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        board, output = app.screen.query_one("#board"), app.screen.query_one("#output")
        before = (board.size.width, output.size.width)
        await pilot.press("2", "greater_than_sign")
        await pilot.pause()
        assert (board.size.width, output.size.width) == (before[0] + 4, before[1] - 4)
        await pilot.press("4", "vertical_line")
        await pilot.pause()
        assert output.display, "the output is always there"
        await pilot.press("3", "vertical_line")
        await pilot.pause()
        assert not app.screen.query_one("#vms").display
    again = CockpitApp(scene(), layout_file=file)
    async with again.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert again.screen.query_one("#board").size.width == before[0] + 4
        assert not again.screen.query_one("#vms").display
        await pilot.press("3")
        await pilot.pause()
        assert again.screen.query_one("#vms").display and again.screen.focused is again.screen.query_one("#vms")
