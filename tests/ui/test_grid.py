"""The grid: whom it shows and how its cells lie, one stream in the order of time, and its keys."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model import events as ev
from cockpit.model.commands.agent import Abort, Answer, Steer
from cockpit.model.ids import AgentId, agent_of
from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.text.clean import ours
from cockpit.ui.dialogs.answer import AnswerDialog
from cockpit.ui.screens.agent.screen import AgentScreen
from cockpit.ui.screens.grid.cell import GridCell
from cockpit.ui.screens.grid.choosing import MOST, shape, watched
from cockpit.ui.screens.grid.merging import AgentStream, Merging, moments
from cockpit.ui.screens.grid.screen import GridScreen
from cockpit.ui.widgets.row_list import RowList
from tests.remote.waiting import until
from tests.ui.fake_engine import NOW
from tests.ui.scene import scene, vm_id
from tests.ui.test_home import LT_API, cockpit
from tests.ui.test_hostile import drawn


@given(st.lists(st.sampled_from([agent_of(vm_id(number)) for number in range(1, 9)]), unique=True))
def test_marked_agents_are_shown_else_those_whose_turn_it_is(marked: list[AgentId]) -> None:
    fleet = scene().fleet
    there = [one for one in marked if fleet.agent(one) is not None]
    found = watched(fleet, marked, NOW)
    assert 2 <= len(found) <= MOST and len(set(found)) == len(found)
    if len(there) >= 2:
        assert list(found) == there[:MOST]
    else:
        assert list(found[: len(there)]) == there
        asker = agent_of(vm_id(4))
        assert asker in there or found[len(there)] == asker


@given(st.integers(1, 6), st.integers(20, 300), st.integers(6, 100))
def test_cells_have_room_for_all_and_none_that_is_a_whole_row_of_nothing(number: int, width: int, height: int) -> None:
    columns, rows = shape(number, width, height)
    assert columns * rows >= number > columns * (rows - 1) and columns <= number


TIMES = st.lists(st.tuples(st.integers(0, 100), st.none() | st.integers(0, 100)), max_size=20)


@given(TIMES)
def test_moments_never_go_back_and_what_says_none_waits_for_nobody_later(times: list[tuple[int, int | None]]) -> None:
    entries = []
    for key, (arrived, said) in enumerate(times):
        entry = Entry(key, EntryKind.TOOL, "", arrived, line=key, epoch=1)
        entry.said_at = said
        entries.append(entry)
    found = moments(entries)
    assert found == sorted(found) and len(found) == len(entries)
    said_in_order = [said for _, said in times if said is not None]
    if said_in_order == sorted(said_in_order):
        assert all(at == said for at, (_, said) in zip(found, times, strict=True) if said is not None)


def test_lines_of_one_stream_wear_the_name_and_the_colour_that_the_agent_has_now() -> None:
    transcript = scene().transcript(LT_API)
    merging = Merging()
    before = AgentStream(LT_API, ours("once"), "$accent", transcript)
    after = before._replace(name=ours("now"), colour="ansi_red")
    assert any(line.content.plain.startswith("once ") for line in merging.lines([before], 50))
    lines = [line.content for line in merging.lines([after], 50)]
    assert any(line.plain.startswith("now ") for line in lines) and not any(
        line.plain.startswith("once ") for line in lines
    )
    assert not any("$accent" in str(span.style) for line in lines for span in line.spans if span.start == 0)


def test_each_that_speaks_in_one_stream_says_when_where_there_is_room() -> None:
    engine = scene()
    asker = agent_of(vm_id(4))
    streams = [
        AgentStream(one, ours(name), "$accent", engine.transcript(one))
        for one, name in ((LT_API, "first"), (asker, "second"))
    ]
    lines = [line.content.plain for line in Merging().lines(streams, 80)]
    spoken = [line for line in lines if line[6:].startswith(("first ", "second "))]
    said = sorted(
        entry.said_at or entry.at for stream in streams for entry in stream.transcript.entries(0) if entry.title
    )
    clocks = [line[:5] for line in spoken]
    assert clocks == sorted(clocks) and {datetime.fromtimestamp(at).strftime("%H:%M") for at in said} <= {*clocks}
    assert all(not line[:6].strip() for line in lines if line not in spoken)
    assert {line.split(" ")[0] for line in (one.content.plain for one in Merging().lines(streams, 50))} <= {
        *("first", "second", "")
    }


@pytest.mark.usefixtures("short_pauses")
async def test_the_engine_knows_whom_the_operator_looks_at_here_and_afterwards() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("g", "4")
        await pilot.pause()
        grid = pilot.app.screen
        assert isinstance(grid, GridScreen) and engine.focused[-1] == LT_API != home.selected
        assert LT_API in grid.shows_agents() and len(grid.shows_agents()) == len(grid.query(GridCell))
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is home and engine.focused[-1] == home.selected


@pytest.mark.usefixtures("short_pauses")
async def test_digits_go_to_cells_questions_are_answered_and_one_stream_tells_all() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("g")
        await pilot.pause()
        grid = pilot.app.screen
        assert isinstance(grid, GridScreen) and grid.agent is not None and grid.agent.name == "w-tokens"
        await until(lambda: sum("3 vitruvius" in line and "───" in line for line in drawn(pilot.app).splitlines()) == 1)
        borders = [pair for pair in ("││", "╮╭", "╯╰", "┐┌", "│╭") if pair in drawn(pilot.app)]
        assert not borders, "frames of neighbours stand side by side"
        await pilot.press("a")
        await pilot.pause()
        assert isinstance(pilot.app.screen, AnswerDialog)
        await pilot.press("escape", "4", "x")
        await pilot.pause()
        assert engine.ordered == [Abort(LT_API)] and not any(isinstance(one, Answer) for one in engine.ordered)
        painted: list[str] = []
        for cell in grid.query(GridCell):
            cell.refresh = lambda *regions, name=cell.id, **_: painted.append(str(name))  # type: ignore[method-assign, assignment]
        engine.say(LT_API, ev.ToolOutput("t1", "one more line", "bash"))
        grid.flush_transcript()
        assert set(painted) == {"cell-4"}, "only the cell whose agent spoke is painted"
        for cell in grid.query(GridCell):
            del cell.refresh
        await pilot.press("m")
        await pilot.pause()
        told = "\n".join(row.content.plain for row in grid.query_one("#stream", RowList).rows)
        assert (
            told.index("Plan the 1.0 release") < told.index("stable pagination") < told.index("Which token lifetime?")
        )
        await pilot.press("m", "4", "enter")
        await pilot.pause()
        opened = pilot.app.screen
        assert isinstance(opened, AgentScreen) and opened.selected == LT_API
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert [*pilot.app.screen_stack] == [home]


@pytest.mark.parametrize("size", [(200, 45), (250, 55)])
def test_six_stand_in_three_columns_on_wide_screens_and_in_two_on_small_ones(size: tuple[int, int]) -> None:
    assert shape(6, *size) == (3, 2) and shape(4, *size) == (2, 2)
    assert shape(6, 80, 20) == (2, 3) and shape(2, 160, 40) == (2, 1)


@pytest.mark.usefixtures("short_pauses")
async def test_a_text_goes_to_the_cell_with_the_keys_and_drafts_go_along_from_screen_to_screen() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("g", "4")
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, GridScreen)
        grid = screen
        await pilot.press("s", *"stop at once", "enter")
        await pilot.pause()
        assert engine.ordered == [Steer(LT_API, "stop at once")]
        await pilot.press(*"half a text")
        await pilot.pause()
        assert all(word in str(grid.composer.border_title) for word in ("FOLLOW-UP", "lt-api"))
        await pilot.press("escape", "1")
        await until(lambda: grid.composer.recipient != LT_API and grid.composer.text == "")
        await pilot.press("4", "enter")
        await pilot.pause()
        opened = pilot.app.screen
        assert isinstance(opened, AgentScreen)
        await until(lambda: opened.composer.text == "half a text" and grid.composer.recipient is None)
        await pilot.press("i", *" and more", "escape", "escape")
        await until(lambda: pilot.app.screen is grid and grid.composer.text == "half a text and more")
        await pilot.press("escape")
        await until(lambda: pilot.app.screen is home)
        home.select(LT_API)
        await until(lambda: home.composer.text == "half a text and more")
        assert len(engine.ordered) == 1
