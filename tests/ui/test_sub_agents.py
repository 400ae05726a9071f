"""Sub-agents on the screen: rows below their agent that can be looked at and read about, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.open_work import OpenTask
from cockpit.model.sub_agents import sub_agents_of
from cockpit.text.sanitize import clean_line
from cockpit.ui.actions.registry import BY_ID, disabled_reason
from cockpit.ui.dialogs.dialog import TextDialog
from cockpit.ui.look.cells import width_of
from cockpit.ui.look.rows.agents import AgentLine, columns_for
from cockpit.ui.look.rows.columns import allot
from cockpit.ui.look.rows.second_line import agent_lines
from cockpit.ui.look.tree import agent_tree
from cockpit.ui.widgets.panes import AgentsTree
from tests.remote.waiting import until
from tests.ui.fake_engine import NOW
from tests.ui.hostile import fleet as hostile_fleet
from tests.ui.scene import fleet, scene
from tests.ui.test_home import LT_API, cockpit

TASK = OpenTask("a1", "count the files", NOW - 90, "t1", "Explore", "Running ls -la", 1475, 2, NOW - 5)
OTHER = replace(TASK, task_id="a2", what="look around", doing="")

pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.mark.parametrize("width", [24, 36, 60, 90, 160])
@pytest.mark.parametrize("height", [1, 2])
def test_a_row_has_the_width_of_its_column_whatever_an_agent_calls_its_task(width: int, height: int) -> None:
    hostile = [agent.name for agent in hostile_fleet().agents]
    tasks = tuple(replace(TASK, task_id=str(at), what=name, doing=name) for at, name in enumerate(hostile))
    rows = [AgentLine(node) for node in agent_tree([replace(fleet().agents[0], background=tasks)])]
    table = allot(columns_for(rows, width, two_lines=height > 1), width)
    for row in rows[1:]:
        for shown in agent_lines(row, NOW, table=table, width=width, height=height, ruled=False):
            assert width_of(clean_line(shown.plain)) == width


async def test_a_sub_agent_stands_below_its_agent_is_ordered_nothing_and_goes_with_its_task() -> None:
    engine = scene()
    agent = engine.fleet.agent(LT_API)
    assert agent is not None
    engine.change_agent(replace(agent, background=(TASK, OTHER)))
    made = engine.fleet.agent(LT_API)
    assert made is not None
    first, second = (one.key for one in sub_agents_of(made))
    async with cockpit(engine, (160, 45)) as (pilot, home, _engine):
        tree = home.query_one(AgentsTree)

        def keys() -> list[str]:
            return [row.key for row in tree.rows]

        at = keys().index(LT_API)
        assert keys()[at + 1 : at + 3] == [first, second]
        lines = "\n".join(line.plain for line in tree.rows[at + 1].lines)
        for words in ("├", "count the files", "working", "Explore", "Running ls -la", "1.5k tok"):
            assert words in lines, lines

        # The cursor stands on it: the output is its agent's, and no act goes to that one.
        await pilot.press("down", "down")
        await until(lambda: home.selected == LT_API and tree.cursor_key == first)
        await pilot.press("p", "d", "x")
        assert home.pane == "agents" and not engine.ordered
        for act, words in (
            ("talk.prompt", "reads nothing"),
            ("talk.abort", "abort lt-api"),
            ("vm.destroy", "no VM"),
            ("vm.pause", "no VM"),
            ("agent.relaunch", "go to lt-api"),
            ("mark.toggle", "go to lt-api"),
        ):
            assert words in disabled_reason(BY_ID[act], home.situation()), act
        for act in ("agent.why", "agent.spawn", "read.find", "see.fold"):
            assert not disabled_reason(BY_ID[act], home.situation()), act
        await pilot.press("w")
        await until(lambda: isinstance(pilot.app.screen, TextDialog))
        await pilot.press("escape")
        await until(lambda: pilot.app.screen is home)

        # Folded like workers, and found again; its end leaves the cursor to its agent.
        await pilot.press("minus")
        await until(lambda: first not in keys() and tree.cursor_key == LT_API)
        assert "▸" in tree.rows[at].lines[0].plain
        await pilot.press("minus", "down")
        await until(lambda: tree.cursor_key == first)
        engine.change_agent(replace(made, background=(OTHER,)))
        home.bridge.flush()
        await until(lambda: keys()[at : at + 2] == [LT_API, second])
        assert home.selected == LT_API == tree.cursor_key
        assert not disabled_reason(BY_ID["mark.toggle"], home.situation())
