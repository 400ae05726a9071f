"""Rows of two lines: they stand where all fit, are one row to the cursor and the mouse, and the choice is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.model.desk import Density
from cockpit.model.fleet import Fleet
from cockpit.text.sanitize import clean_line
from cockpit.ui.look.rows.agents import AgentLine, columns_for
from cockpit.ui.look.rows.columns import allot
from cockpit.ui.look.rows.second_line import agent_lines
from cockpit.ui.look.tree import agent_tree
from cockpit.ui.screens.home.arrangement import AGENTS, HomeView, arrange, lines_for_agents
from cockpit.ui.widgets.panes import AgentsTree
from tests.remote.waiting import until
from tests.ui.crowd import crowd
from tests.ui.fake_engine import NOW
from tests.ui.hostile import fleet as hostile_fleet
from tests.ui.scene import fleet
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn

pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.mark.parametrize("width", [24, 44, 90, 160, 240])
@pytest.mark.parametrize("build", [fleet, hostile_fleet, lambda: crowd().fleet], ids=["scene", "hostile", "crowd"])
def test_each_line_has_the_width_of_the_list(width: int, build: Callable[[], Fleet]) -> None:
    shown = build()
    rows = [
        AgentLine(node, shown.vm(node.agent.vm_id), names=tuple(clean_line(agent.name) for agent in shown.agents))
        for node in agent_tree(shown.agents)
    ]
    table = allot(columns_for(rows, width, two_lines=True), width)
    for row in rows:
        lines = agent_lines(row, NOW, table=table, width=width, height=2, ruled=True)
        assert [cell_len(line.plain) for line in lines] == [width] * 3
        asked = row.node.agent.activity.dialogs
        assert not asked or clean_line(asked[0].request.title)[:8] in lines[1].plain


@given(st.integers(100, 260), st.integers(30, 80), st.integers(1, 30))
def test_what_is_to_fit_twice_does_while_somebody_asks(width: int, height: int, rows: int) -> None:
    room = lines_for_agents(width, HomeView(), height)
    if 2 * rows <= room:
        strip = 7 if height >= 50 else 5
        found = arrange(width, height - 2 - strip, HomeView(rows=2 * rows), height)
        assert found[AGENTS].height - 1 >= 2 * rows


async def test_two_lines_are_one_row_to_cursor_mouse_jump_and_filter() -> None:
    async with cockpit(size=(160, 50)) as (pilot, home, _engine):
        tree = home.query_one(AgentsTree)
        assert {row.height - row.ruled for row in tree.rows} == {2}
        place = tree.content_region
        lines = [line[place.x : place.right] for line in drawn(pilot.app).split("\n")[place.y : place.bottom]]
        at = next(number for number, line in enumerate(lines) if "w-tokens" in line)
        assert "Which token lifetime?" in lines[at + 1] and "Which token lifetime?" not in lines[at]
        await pilot.click(offset=(place.x + 30, place.y + at + 1))
        await until(lambda: home.agent is not None and home.agent.name == "w-tokens")
        await pilot.press("down", "up", "asterisk")
        await pilot.pause()
        assert [agent.name for agent in home.marks.among(home.fleet)] == ["w-tokens"]
        seen = {key: line for line, key in tree.keys_in_sight()}
        assert len(seen) == len(tree.rows) and "w-tokens" in lines[seen[home.marks.agents[0]]]
        await pilot.press("slash", *"w-tok", "enter")
        await pilot.pause()
        assert home.agent is not None and home.agent.name == "w-tokens"


async def test_a_density_is_chosen_by_its_word_and_zoom_changes_the_form_at_once() -> None:
    async with cockpit(size=(100, 30)) as (pilot, home, engine):
        tree, desk = home.query_one(AgentsTree), engine.coordination.desk
        number = len(tree.rows)
        assert tree.lines == number
        await pilot.press("Z")
        await pilot.pause()
        assert tree.lines >= 2 * number
        await pilot.press("Z")
        await pilot.pause()
        assert tree.lines == number
        await pilot.press("colon", *"density", "enter")
        await until(lambda: desk.arrangement.density is Density.TWO and tree.lines >= 2 * number)
        await pilot.press("end")
        await until(lambda: tree.rows[-1].key in {key for _line, key in tree.keys_in_sight()})
        assert f"of {number}" in str(tree.border_title)
        await pilot.press("colon", *"density", "enter")
        await until(lambda: desk.arrangement.density is Density.ONE and tree.lines == number)
        few = replace(engine.fleet, agents=engine.fleet.agents[:2])
        engine.change(few)
        await until(lambda: tree.lines == 2)
