"""How many keys the usual takes, beside names and texts: no more than an operator's patience allows."""

from __future__ import annotations

import pytest

from cockpit.model.commands.agent import Answer
from cockpit.model.commands.board import AssignTask, MoveTask
from cockpit.model.commands.life import Spawn
from cockpit.model.commands.swarm import StopAll
from cockpit.ui.widgets.needs_you import sight
from tests.ui.needs_you.test_strip import take_the_strip
from tests.ui.test_home import cockpit
from tests.ui.test_key_gate import settled

pytestmark = pytest.mark.usefixtures("short_pauses")


def kinds(ordered: list[object]) -> list[type]:
    return [type(command) for command in ordered]


async def test_three_workers_are_spawned_with_five() -> None:
    async with cockpit() as (pilot, _home, engine):
        await pilot.press("n", "ctrl+t", *"a, b, c", "enter")
        await settled(pilot)
        assert kinds([*engine.ordered]) == [Spawn] * 3


async def test_the_oldest_question_is_answered_with_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sight, "STANDS", 0.0)
    async with cockpit() as (pilot, _home, engine):
        await take_the_strip(pilot)
        await pilot.press("1")
        await settled(pilot)
        assert kinds([*engine.ordered]) == [Answer]


async def test_a_task_is_moved_with_one_and_assigned_with_two() -> None:
    async with cockpit() as (pilot, _home, engine):
        await pilot.press("b")
        await pilot.pause()
        await pilot.press("greater_than_sign")
        await settled(pilot)
        assert kinds([*engine.ordered]) == [MoveTask]
        await pilot.press("A", *"lt-web", "enter")
        await settled(pilot)
        assert kinds([*engine.ordered]) == [MoveTask, AssignTask]


async def test_everything_is_stopped_with_two() -> None:
    async with cockpit() as (pilot, _home, engine):
        await pilot.press("X")
        await settled(pilot)
        await pilot.press("y")
        await settled(pilot)
        assert kinds([*engine.ordered]) == [StopAll]
