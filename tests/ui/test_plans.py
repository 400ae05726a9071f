"""Plans on the screen: what is shown of each task, the keys that steer, and the way of a text onto the board."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import TextArea

from cockpit.model.board import Note, Task
from cockpit.model.commands.plan import CreatePlan, HoldPlan, RunPlan, StepPlan, TakePlanned
from cockpit.ui.dialogs.form import FormDialog
from cockpit.ui.dialogs.plan.creation import PlanDialog
from cockpit.ui.dialogs.plan.view import PlansDialog
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import RowList
from tests.model.plan.world import head, member
from tests.remote.waiting import until
from tests.ui.fake_engine import FakeEngine
from tests.ui.scene import scene
from tests.ui.test_home import cockpit, notifications

PLAN = Path(__file__).parent.parent / "data" / "plans" / "release.md"


def with_plan(*tasks: Task) -> FakeEngine:
    """The scene, with a plan on its board."""
    engine = scene()
    engine.change(replace(engine.fleet, tasks=(*engine.fleet.tasks, *tasks)))
    return engine


@asynccontextmanager
async def opened(engine: FakeEngine, *, read_only: bool = False) -> AsyncIterator[tuple[Pilot[None], PlansDialog]]:
    """Open the plans."""
    async with cockpit(engine, read_only=read_only) as (pilot, _home, _engine):
        await pilot.press("L")
        await until(lambda: isinstance(pilot.app.screen, PlansDialog))
        dialog = pilot.app.screen
        assert isinstance(dialog, PlansDialog)
        await pilot.pause()
        yield pilot, dialog


def shown(dialog: PlansDialog) -> list[str]:
    """Return the rows."""
    return [row.content.plain for row in dialog.query_one("#rows", RowList).rows]


async def test_each_task_is_shown_with_who_has_it_and_why_it_waits() -> None:
    blocked = member(1, (), status="blocked", notes=(Note("ada", "no \x1b[2Jkey", "blocker", 0.0),))
    done = member(3, (), status="done", assignee="bea", title="Paint\x1b]0;x\x07 it")
    async with opened(with_plan(head(), blocked, member(2, (1,)), done)) as (_pilot, dialog):
        first, second, third = shown(dialog)
        assert "✗ blocked" in first and "no" in first and "key" in first and "\x1b" not in first
        assert "‖ stopped" in second and "'Task 1' is blocked" in second
        assert "✓ done" in third and "bea" in third and "\x1b" not in third and "\x07" not in third
        heading = str(dialog.query_one("#plan-heading", Plain).content)
        assert heading.startswith("p  stands still") and "1/3" in heading and "at least" not in heading


async def test_time_is_told_only_where_each_task_that_is_left_says_it() -> None:
    timed = [member(1, (), "minutes:10"), member(2, (1,), "minutes:20"), member(3, (), "minutes:5")]
    async with opened(with_plan(head(), *timed)) as (_pilot, dialog):
        assert "at least 30 min more" in str(dialog.query_one("#plan-heading", Plain).content)
    async with opened(with_plan(head(), *timed, member(4))) as (_pilot, dialog):
        assert "at least" not in str(dialog.query_one("#plan-heading", Plain).content)


async def test_keys_hold_step_take_and_run() -> None:
    engine = with_plan(head(), member(1), member(2, (1,)))
    async with opened(engine) as (pilot, _dialog):
        await pilot.press("h", "t", "s")
        await pilot.pause()
        assert engine.ordered == [HoldPlan("p"), TakePlanned(member(1).id)]
        assert any("hold it first" in said for said in notifications(pilot)), "a step of what runs by itself"
        engine.change(replace(engine.fleet, tasks=(head("p", "in_progress", "held"), member(1, (), "taken"))))
        await pilot.press("t", "s", "g")
        await until(lambda: isinstance(pilot.app.screen, FormDialog))
        await pilot.press("backspace", "5", "enter")
        await until(lambda: len(engine.ordered) == 5)
        assert engine.ordered[2:] == [
            TakePlanned(member(1).id, back=True),
            StepPlan("p"),
            RunPlan("p", 5, 0, keeps=False),
        ]


async def test_nothing_is_ordered_where_nothing_may_be_changed() -> None:
    engine = with_plan(head(), member(1))
    async with opened(engine, read_only=True) as (pilot, _dialog):
        await pilot.press("h", "t", "s", "g", "n")
        await pilot.pause()
        assert engine.ordered == [] and isinstance(pilot.app.screen, PlansDialog)


async def test_another_plan_is_a_key_away() -> None:
    other = replace(member(8, name="q"), title="Of the other")
    second = replace(head("q", "open"), id=member(9).id, created_at=-1.0)
    async with opened(with_plan(head(), member(1), second, other)) as (pilot, dialog):
        assert "Task 1" in shown(dialog)[0]
        await pilot.press("p")
        await pilot.pause()
        assert "Of the other" in shown(dialog)[0]
        assert "not begun" in str(dialog.query_one("#plan-heading", Plain).content)


async def test_a_pasted_plan_is_checked_and_shown_before_it_is_made() -> None:
    engine = scene()
    async with opened(engine) as (pilot, _dialog):
        await pilot.press("n")
        await until(lambda: isinstance(pilot.app.screen, FormDialog))
        area = pilot.app.screen.query_one("#plan", TextArea)
        area.text = "# next\n## One\nafter: Two\n"
        await pilot.press("ctrl+s")
        await pilot.pause()
        problem = str(pilot.app.screen.query_one("#problem", Plain).content)
        assert "line 2: 'One' waits for 'Two', and no task is called so" in problem and engine.ordered == []
        area.text = "# next\n## One\npaths: a\naccept: b\nminutes: 45\n## Two\nafter: One\n"
        await pilot.press("ctrl+s")
        await until(lambda: isinstance(pilot.app.screen, PlanDialog) and bool(pilot.app.screen.query("#targets")))
        targets = str(pilot.app.screen.query_one("#targets", Plain).content)
        assert "after One" in targets and "! line 2: 'One' looks longer than 20 minutes" in targets
        assert "'Two' names no paths" in targets
        await pilot.pause()
        await pilot.press("y")
        await until(lambda: bool(engine.ordered))
        (command,) = engine.ordered
        assert isinstance(command, CreatePlan) and [task.title for task in command.plan.tasks] == ["One", "Two"]


async def test_a_plan_is_read_from_a_file() -> None:
    engine = scene()
    async with opened(engine) as (pilot, _dialog):
        await pilot.press("n")
        await until(lambda: isinstance(pilot.app.screen, FormDialog))
        await pilot.press("tab", *"/no/such", "enter")
        await pilot.pause()
        assert "cannot be read" in str(pilot.app.screen.query_one("#problem", Plain).content)
        await pilot.press(*["backspace"] * 8, *str(PLAN), "enter")
        await until(lambda: isinstance(pilot.app.screen, PlanDialog) and bool(pilot.app.screen.query("#targets")))
        assert "Write the parser" in str(pilot.app.screen.query_one("#targets", Plain).content)
