"""A cockpit that only reads: whatever looks opens and shows, and no key in it acts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from cockpit.model.commands.agent import Prompt
from cockpit.model.fleet import Agent
from cockpit.model.refusals.grounds import RefusalCode
from cockpit.model.refusals.refusal import refusal
from cockpit.ui.actions.registry import ACTIONS, BY_ID, disabled_reason
from cockpit.ui.dialogs.dialog import TextDialog
from cockpit.ui.dialogs.form import FormDialog
from cockpit.ui.dialogs.live import LivePick
from cockpit.ui.dialogs.ports import PortsDialog
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.widgets.panel import Panel
from cockpit.ui.widgets.row_list import RowList
from tests.remote.waiting import until
from tests.ui.fake_engine import FakeEngine
from tests.ui.test_agent_commands import answering
from tests.ui.test_changes import engine_with_changes
from tests.ui.test_home import LT_API, cockpit, notifications
from tests.ui.test_hostile import drawn
from tests.ui.test_key_gate import settled
from tests.ui.test_reach import HERE, listening

LOOKS = {
    "agent.changes", "agent.commands", "agent.model", "agent.slash", "agent.stats", "agent.thinking", "agent.why",
    "agent.permission_mode",
    "plan.open", "usage.open", "agent.tasks", "feed.agent",
    "feed.kinds", "feed.open", "feed.stats", "task.artifacts", "task.output",
    "board.open", "files.named", "files.open", "image.list", "queue.open", "queue.standard_error", "session.answer",
    "session.export", "session.messages", "session.switch", "session.tree", "swarm.course", "trial.compare",
    "vm.commits", "vm.findings", "vm.ports", "vm.tmux",
}  # fmt: skip
"""What an operator may want to see of a fleet that must not be touched."""

OF_THE_SCREEN = ("see.", "move.", "app.", "tab.", "read.", "mark.", "notify.", "grid.")
"""These change what is shown here, and nothing else."""

NAVIGATION = {
    "escape",
    "q",
    "tab",
    "shift+tab",
    "up",
    "down",
    "j",
    "k",
    "left",
    "right",
    "backspace",
    "ctrl+q",
    "ctrl+c",
}
"""What moves or closes in dialogs; `k` acts in one of them."""


def test_each_action_is_declared_to_look_or_to_act() -> None:
    looking = {one.id for one in ACTIONS if not one.writes and not one.id.startswith(OF_THE_SCREEN)}
    assert looking == LOOKS


def test_every_command_is_refused_by_the_rules_themselves() -> None:
    engine = engine_with_changes()
    command = Prompt(LT_API, "go on")
    assert refusal(command, engine.fleet, engine.facilities) is None
    refused = refusal(command, replace(engine.fleet, read_only=True), engine.facilities)
    assert refused is not None and refused.code is RefusalCode.READ_ONLY


def full_of_things_to_see() -> FakeEngine:
    """An engine that has an answer to everything that looks."""
    engine = engine_with_changes()
    answering(LT_API, engine)
    listening(engine)
    agent = agent_of_the_api(engine)
    waiting = replace(agent.activity, follow_up=("later",), follow_up_since=(engine.clock,))
    engine.change_agent(replace(agent, activity=waiting))
    engine.files.content[LT_API, "notes.md"] = b"words\n"
    return engine


def agent_of_the_api(engine: FakeEngine) -> Agent:
    agent = engine.fleet.agent(LT_API)
    assert agent is not None
    return agent


async def opened(pilot: Pilot[None], home: HomeScreen, action: str) -> None:
    home.select(LT_API)
    home.try_action(action)
    await settled(pilot)
    await settled(pilot)


def keys_of(screen: Screen[object]) -> set[str]:
    """Return the keys of a screen and of the panel that fills it."""
    return {key for one in (screen, *screen.query(Panel)) for key in one._bindings.key_to_bindings}


@pytest.mark.usefixtures("short_pauses")
async def test_no_key_in_what_looks_acts() -> None:
    engine = full_of_things_to_see()
    async with cockpit(engine, read_only=True) as (pilot, home, _):
        for action in sorted(LOOKS):
            await opened(pilot, home, action)
            if isinstance(pilot.app.screen, HomeScreen | TextDialog):
                await pilot.press("escape")
                continue
            for key in sorted({*keys_of(pilot.app.screen), "enter"} - NAVIGATION):
                if len(pilot.app.screen_stack) == 1:
                    await opened(pilot, home, action)
                await pilot.press(key)
                if len(pilot.app.screen_stack) > 2:
                    await pilot.press("enter", "y", "escape")
                    await settled(pilot)
            await pilot.press("escape", "escape")
            await until(lambda: len(pilot.app.screen_stack) == 1)
            assert not engine.ordered, f"{action} ordered {engine.ordered}"
        await settled(pilot)
        assert not engine.ordered
        assert not engine.reach.commands and not engine.work.comments.sent and not engine.work.comments.known
        assert all(form != "html" for form, _ in engine.inquiries.exported)
        assert all(order.direction.value == "get" for order in engine.files.begun)


async def test_what_is_to_be_seen_is_shown_and_the_refusal_is_said() -> None:
    engine = full_of_things_to_see()
    async with cockpit(engine, read_only=True) as (pilot, home, _):
        for action in sorted(LOOKS - {"image.list", "trial.compare", "files.named"}):
            assert disabled_reason(BY_ID[action], replace(home.situation(), agent=agent_of_the_api(engine))) in (
                "",
                disabled_reason(BY_ID[action], replace(home.situation(), read_only=False)),
            ), action
        home.select(home.fleet.agents[0].id)
        await pilot.press("P")
        await until(lambda: "python3" in drawn(pilot.app))
        dialog = pilot.app.screen
        assert isinstance(dialog, PortsDialog) and dialog._vm_id == HERE
        await pilot.press("enter")
        await until(lambda: any("read-only" in said for said in notifications(pilot)))
        await pilot.press("n")
        await until(lambda: isinstance(pilot.app.screen, FormDialog))
        await pilot.app.pop_screen()
        await pilot.app.pop_screen()
        await opened(pilot, home, "agent.model")
        assert isinstance(pilot.app.screen, LivePick)
        await until(lambda: len(pilot.app.screen.query_one("#rows", RowList).rows) == 2)
        await pilot.press("enter")
        await asyncio.sleep(0)
        await until(lambda: sum("read-only" in said for said in notifications(pilot)) >= 2)
        assert not engine.ordered
