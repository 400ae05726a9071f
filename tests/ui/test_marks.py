"""Marks under keys: one act for all that are marked, one text for several, and who fails stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.commands.agent import FollowUp, Prompt
from cockpit.model.commands.life import Destroy
from cockpit.model.commands.vm import Pause
from cockpit.model.ids import agent_of
from cockpit.model.ordering import SortOrder
from cockpit.model.receipts.receipt import Stage
from cockpit.ui.dialogs.many import ManyDialog
from cockpit.ui.dialogs.tell import TellDialog
from cockpit.ui.widgets.panes import AgentsTree
from cockpit.ui.widgets.plain import Plain
from tests.ui.scene import vm_id
from tests.ui.test_home import cockpit

pytestmark = pytest.mark.usefixtures("short_pauses")


async def test_one_text_to_three_agents_takes_four_keys_beside_it() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("down", "down", "shift+down", "shift+up")
        await pilot.pause()
        assert [agent.name for agent in home.marks.among(home.fleet)] == ["w-docs"], "back over marks takes them"
        await pilot.press("escape", "home", "down", "shift+down", "shift+down")
        await pilot.pause()
        marked = home.marks.agents
        assert len(marked) == 3
        await pilot.press("i")
        await pilot.pause()
        assert isinstance(pilot.app.screen, TellDialog)
        told = str(pilot.app.screen.query_one("#targets", Plain).content)
        assert all(agent.name in told for agent in engine.fleet.agents if agent.id in marked)
        await pilot.press(*"go on", "enter")
        await pilot.pause()
        sent = [one for one in engine.ordered if isinstance(one, Prompt | FollowUp)]
        assert {one.agent for one in sent} == set(marked) and {one.text for one in sent} == {"go on"}
        assert all(engine.notebook.sent(agent) == ("go on",) for agent in marked)


async def test_an_act_is_done_to_all_marked_and_who_fails_stays_with_the_reason() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("down", "asterisk", "asterisk")
        await pilot.pause()
        first, second = home.marks.agents
        await pilot.press("z")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ManyDialog)
        await pilot.press("y")
        await pilot.pause()
        paused = [one for one in engine.ordered if isinstance(one, Pause)]
        assert [agent_of(one.vm) for one in paused] == [first, second]
        stages = {first: Stage.DONE, second: Stage.FAILED}
        receipts = tuple(
            replace(one, stage=stages[home.marks.pending[one.id]], reason="the API refused")
            for one in engine.fleet.receipts
            if one.id in home.marks.pending
        )
        engine.change(replace(engine.fleet, receipts=receipts))
        home.bridge.flush()
        assert (home.marks.agents, home.marks.failed) == ((second,), {second: "the API refused"})
        tree = home.query_one(AgentsTree)
        (row,) = (row for row in tree.rows if row.key == second)
        assert any("✗ the API" in line.plain for line in row.lines)
        await pilot.press("escape")
        await pilot.pause()
        assert home.marks.agents == ()


async def test_many_are_destroyed_only_when_their_number_is_typed() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("down", "asterisk", "asterisk", "D")
        await pilot.pause()
        await pilot.press("3", "enter")
        await pilot.pause()
        assert not [one for one in engine.ordered if isinstance(one, Destroy)]
        await pilot.press("backspace", "2", "enter")
        await pilot.pause()
        assert len([one for one in engine.ordered if isinstance(one, Destroy)]) == 2 and len(home.marks.agents) == 2


async def test_whom_a_filter_leaves_is_told_with_four_keys_and_names_with_three() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("slash", *"w-", "enter", "ampersand", *"x", "enter")
        await pilot.pause()
        dead = agent_of(vm_id(6))
        assert len(engine.ordered) == 2 and home.marks.agents == (dead,) and "process" in home.marks.failed[dead]
        await pilot.press("escape", "escape", "ampersand", *"lt-api vitruvius", "tab", *"y", "enter")
        await pilot.pause()
        assert [one.text for one in engine.ordered[2:]] == ["y", "y"]  # type: ignore[union-attr]


async def test_order_pins_and_named_filters() -> None:
    async with cockpit() as (pilot, home, engine):
        tree, desk = home.query_one(AgentsTree), engine.coordination.desk
        await pilot.press("end", "plus")
        await pilot.pause()
        held = home.selected
        assert tree.rows[1].key == held and tree.cursor_key == held
        await pilot.press("equals_sign")
        await pilot.pause()
        assert desk.arrangement.order is SortOrder.NEED and "by need" in str(tree.border_title)
        await pilot.press("slash", *"state:asking", "enter", "apostrophe", "enter", *"asks", "enter")
        await pilot.pause()
        assert [(one.name, one.line) for one in desk.arrangement.filters] == [("asks", "state:asking")]
        await pilot.press("escape", "apostrophe", "enter")
        await pilot.pause()
        assert tree.needle == "state:asking" and home.selected == tree.cursor_key == tree.rows[0].key
        await pilot.press("apostrophe", "down", "ctrl+d")
        await pilot.pause()
        assert desk.arrangement.filters == ()
