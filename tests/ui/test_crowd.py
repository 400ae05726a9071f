"""At every size a large fleet fits: no line runs over, and no two agents look the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from cockpit.model.attention import Attention, Urgency
from cockpit.model.board import FeedItem, Task
from cockpit.model.ids import TaskId
from cockpit.model.inbox.history import Decided, HowEnded
from cockpit.text.sanitize import clean_line
from cockpit.ui.app import CockpitApp
from cockpit.ui.dialogs.inbox.rows import history_rows
from cockpit.ui.look.rows.feed import feed_row
from cockpit.ui.look.rows.machines import vm_row
from cockpit.ui.look.rows.tasks import task_row
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.widgets.needs_you.lines import entry_line
from cockpit.ui.widgets.needs_you.posed import pose
from cockpit.ui.widgets.panes import AgentsTree
from tests.ui.crowd import AGENTS, crowd, crowd_names
from tests.ui.fake_engine import NOW
from tests.ui.test_hostile import drawn


def cut(line: str, begin: int, end: int) -> str:
    """Return what stands in some cells of a line."""
    at, found = 0, ""
    for character in line:
        if begin <= at < end:
            found += character
        at += cell_len(character)
    return found


SIZES = ((60, 20), (80, 24), (100, 30), (120, 40), (160, 45), (200, 50), (250, 60))


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("size", SIZES, ids=[f"{width}x{height}" for width, height in SIZES])
async def test_all_fits_and_every_agent_can_be_told_from_the_others(size: tuple[int, int]) -> None:
    engine = crowd()
    app = CockpitApp(engine)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        home = app.screen
        assert isinstance(home, HomeScreen)
        seen: set[str] = set()
        for _page in range(AGENTS):
            lines = drawn(app).split("\n")
            assert [line for line in lines if cell_len(line) != size[0]] == []
            tree = home.query_one(AgentsTree).content_region
            rows = [cut(line, tree.x, tree.right) for line in lines[tree.y : tree.bottom]]
            found = [row for row in rows if row.strip()]
            names = [row.split("  ")[0] for row in found]
            assert sorted(set(names)) == sorted(names)
            seen.update(names)
            await pilot.press("pagedown")
            await pilot.pause()
        assert len(seen) >= AGENTS


@pytest.mark.parametrize("width", [24, 28, 40, 60])
def test_nor_do_two_look_the_same_in_any_other_list(width: int) -> None:
    names = tuple(clean_line(name) for name in crowd_names())
    engine = crowd()
    by_vm = {agent.vm_id: agent for agent in engine.fleet.agents}
    vms = [vm_row(vm, by_vm[vm.id], NOW, width, "", names).plain for vm in engine.fleet.vms]
    assert len(set(vms)) == AGENTS
    task, item = Task(TaskId("1"), "the same", "open"), FeedItem("1", "finding", "x", "the same", NOW)
    for rows in (
        [task_row(replace(task, assignee=name), NOW, width, names=names).plain for name in names],
        [feed_row(replace(item, agent=name), NOW, width, names).plain for name in names],
    ):
        assert len(set(rows)) == AGENTS
        assert {cell_len(row) for row in rows} == {width}


@pytest.mark.parametrize("width", [60, 80, 160])
def test_nor_do_they_where_they_wait_or_asked_once(width: int) -> None:
    """Few stand together there, so that names are cut without a look at the others."""
    fleet = crowd().fleet
    items = [Attention(Urgency.FAILED, "failed", NOW - 9, agent.id) for agent in fleet.agents]
    waiting = {entry_line(pose(item, fleet, ()), NOW, width).plain for item in items}
    asked = [Decided("k", "m", NOW, name, "Which?", HowEnded.WITHDRAWN) for name in crowd_names()]
    assert len(waiting) == len({row.content.plain for row in history_rows(asked, "", width)}) == AGENTS
    assert {cell_len(row) for row in waiting} == {width}
