"""What of a frame is composed: what stands in front of a part at its sides is left out, and nothing that is seen."""

from __future__ import annotations

from functools import partial

from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region
from textual.strip import Strip

from cockpit.ui.app import CockpitApp
from cockpit.ui.terminal.composition import uncovered
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.widgets.panes import BoardPane, FeedPane
from tests.remote.waiting import until
from tests.ui.scene import scene

SIDE = 9


def regions(least: int) -> st.SearchStrategy[Region]:
    """Draw a part of a small screen."""
    corner, size = st.integers(0, SIDE - 1), st.integers(least, SIDE)
    return st.builds(Region, corner, corner, size, size)


def cells_of(region: Region) -> set[tuple[int, int]]:
    """Return the cells of a part."""
    return {(x, y) for x in range(region.x, region.right) for y in range(region.y, region.bottom)}


@given(regions(1), st.lists(regions(0), max_size=4))
def test_all_that_is_seen_of_a_part_is_left_of_it_and_nothing_twice(region: Region, fronts: list[Region]) -> None:
    covered = set().union(*map(cells_of, fronts))
    left = [cells_of(part) for part in uncovered(region, fronts)]
    assert sum(map(len, left)) == len(set().union(*left))
    assert cells_of(region) - covered <= set().union(*left) <= cells_of(region)


async def test_another_output_does_not_have_the_lines_of_its_neighbours_composed() -> None:
    engine = scene()
    app = CockpitApp(engine)
    asked: list[int] = []
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        for pane in (app.screen.query_one(BoardPane), app.screen.query_one(FeedPane)):
            lines = pane.render_lines

            def noted(crop: Region, lines: object = lines) -> list[Strip]:
                asked.append(crop.height)
                found: list[Strip] = lines(crop)  # type: ignore[operator]
                return found

            pane.render_lines = noted  # type: ignore[method-assign]
        output = app.screen.query_one(TranscriptView)
        steps = []
        for _ in range(3):
            asked.clear()
            before = output.painted
            await pilot.press("j")
            await until(partial(more_than, output, before + 10))
            await pilot.pause()
            steps.append(sum(asked))
        # Titles change, and bars that come and go move everything; a step to one without any asks for next to nothing.
        assert min(steps) < output.size.height


def more_than(output: TranscriptView, number: int) -> bool:
    """Tell whether more lines of an output were painted."""
    return output.painted > number
