"""Folding: children go into their parent's row with their states and cost, and whoever is acted upon stays in sight."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.content import Usage
from cockpit.model.family import sum_of
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import agent_of
from cockpit.ui.look.tree import GUIDE_KEPT, agent_tree
from cockpit.ui.widgets.panes import AgentsTree
from tests.ui.fake_engine import NOW
from tests.ui.hostile import fleet as hostile_fleet
from tests.ui.look.drawn import agent_line
from tests.ui.scene import scene, vm_id
from tests.ui.test_home import LT_API, cockpit

W_TOKENS, W_DOCS = agent_of(vm_id(4)), agent_of(vm_id(5))


def shown(tree: AgentsTree) -> list[str]:
    """Return the keys of the rows."""
    return [row.key for row in tree.rows]


def text_of(tree: AgentsTree, key: str) -> str:
    """Return an agent's row as text."""
    return next(row.content.plain for row in tree.rows if row.key == key)


async def test_folding_hides_the_children_and_the_row_says_what_they_do_and_cost() -> None:
    engine = scene()
    agents = [
        replace(agent, usage=Usage(cost=1.0 if agent.id == W_TOKENS else 0.25)) if agent.parent == "lt-api" else agent
        for agent in engine.fleet.agents
    ]
    engine.change(replace(engine.fleet, agents=tuple(agents)))
    async with cockpit(engine, (200, 50)) as (pilot, home, _engine):
        tree = home.query_one(AgentsTree)
        before = shown(tree)
        await pilot.press("down", "minus")
        await pilot.pause()
        assert shown(tree) == [key for key in before if key not in (W_TOKENS, W_DOCS)]
        row = text_of(tree, LT_API)
        assert "▸1?1✓" in row, "the question below must not be out of sight"
        assert f"${1.25 + 1.34:.2f}" in row, "what the family cost"
        assert home.selected == LT_API == tree.cursor_key
        await pilot.press("minus")
        await pilot.pause()
        assert shown(tree) == before and "▸" not in text_of(tree, LT_API)


async def test_on_a_child_the_key_folds_it_into_its_parent_which_is_selected_then() -> None:
    async with cockpit() as (pilot, home, engine):
        home.select(W_DOCS)
        await pilot.press("minus")
        await pilot.pause()
        tree = home.query_one(AgentsTree)
        assert W_DOCS not in shown(tree)
        assert home.selected == LT_API == tree.cursor_key == engine.focused[-1]


async def test_whoever_is_selected_is_unfolded_and_a_filter_finds_what_is_folded() -> None:
    async with cockpit() as (pilot, home, _engine):
        tree = home.query_one(AgentsTree)
        await pilot.press("down", "minus", "slash", *"w-docs", "enter")
        await pilot.pause()
        assert shown(tree) == [W_DOCS]
        await pilot.press("escape")
        await pilot.pause()
        home.select(LT_API)
        assert W_DOCS in shown(tree), "the filter's end selected it"
        await pilot.press("minus")
        await pilot.pause()
        assert W_DOCS not in shown(tree)
        home.select(W_DOCS)
        assert W_DOCS in shown(tree) and tree.cursor_key == W_DOCS


async def test_an_agent_that_becomes_a_child_under_the_cursor_stays_in_sight() -> None:
    engine = scene()
    async with cockpit(engine) as (pilot, home, _engine):
        tree = home.query_one(AgentsTree)
        await pilot.press("down", "minus")
        alone = agent_of(vm_id(3))
        home.select(alone)
        known = engine.fleet.agent(alone)
        assert known is not None
        engine.change_agent(replace(known, parent_vm=vm_id(2)))
        home.bridge.flush()
        await pilot.pause()
        assert home.selected == alone == tree.cursor_key and alone in shown(tree)


@pytest.mark.parametrize("width", [24, 28, 36, 44, 60, 90])
def test_rows_of_any_depth_and_with_any_family_have_the_width_of_their_column(width: int) -> None:
    fleet = hostile_fleet()
    first = fleet.agents[0]
    chain = [replace(first, id=agent_of(vm_id(1000)), vm_id=vm_id(1000), kind=AgentKind.ARCHITECT)]
    for number in range(1001, 1030):
        chain.append(replace(first, id=agent_of(vm_id(number)), vm_id=vm_id(number), parent_vm=vm_id(number - 1)))
    nodes = agent_tree(chain)
    assert len(nodes) == 30 and max(len(node.guide) for node in nodes) <= GUIDE_KEPT + 2
    (folded,) = agent_tree(chain, {chain[0].id})
    assert len(folded.folded) == 29
    family = sum_of(folded.folded, {}, NOW)
    for row in [
        *(agent_line(node, None, NOW, width) for node in nodes),
        *(agent_line(replace(folded, guide=node.guide), None, NOW, width, family) for node in nodes),
    ]:
        assert row.cell_length == width, row.plain


def test_workers_of_a_lieutenant_of_an_architect_stand_below_both() -> None:
    fleet = scene().fleet
    agents = [replace(a, parent_vm=vm_id(1)) if a.kind is AgentKind.LIEUTENANT else a for a in fleet.agents]
    assert [(node.guide, node.agent.name) for node in agent_tree(agents)] == [
        ("", "vitruvius"),
        ("├ ", "lt-api"),
        ("│ ├ ", "w-docs"),
        ("│ └ ", "w-tokens"),
        ("└ ", "lt-web"),
        ("  └ ", "w-e2e"),
    ]
