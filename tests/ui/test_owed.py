"""What board and feed ask is answered from the inbox, and what a crash left behind is taken up from its list."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from cockpit.model.board import Task
from cockpit.model.commands.board import AssignTask, HandOverTask, MoveTask, NoteTask
from cockpit.model.commands.life import Spawn
from cockpit.model.commands.owed import AnswerOwed, SettleOwed
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import TaskId
from cockpit.model.kept import KeptCommit, KeptFor, KeptState
from cockpit.model.owed import Owed, OwedKind
from cockpit.ui.dialogs.inbox.dialog import InboxDialog
from cockpit.ui.dialogs.owed import OwedDialog
from cockpit.ui.dialogs.recovery import RecoveryDialog
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.hostile import FORBIDDEN, HOSTILE
from tests.ui.scene import scene, vm_id
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn

LOST = Task(TaskId("LOST"), "Ship it", "in_progress", "w-lost", description="All of it")


def asking(text: str = "Which port?", asker: str = "stranger") -> FakeEngine:
    engine = scene()
    owed = Owed("note:T1:N1", OwedKind.QUESTION, asker, text, NOW - 99.0, TaskId("T1"), "Limiter")
    kept = KeptCommit("r", KeptFor.UNDO, KeptState.KEPT, 0.0, "us", vm_id(9), "w-lost")
    fleet = engine.fleet
    engine.change(replace(fleet, owed=(owed,), tasks=(*fleet.tasks, LOST), kept=(kept,), awaited=()))
    return engine


async def settled(pilot: Pilot[None]) -> None:
    for _ in range(4):
        await pilot.pause()


async def to_question(pilot: Pilot[None]) -> OwedDialog:
    await pilot.press("I")
    await settled(pilot)
    assert isinstance(pilot.app.screen, InboxDialog)
    await pilot.press("slash", *"port", "enter", "enter")
    await settled(pilot)
    dialog = pilot.app.screen
    assert isinstance(dialog, OwedDialog)
    return dialog


@pytest.mark.parametrize(
    ("keys", "ordered"),
    [
        ((*"8080", "ctrl+s"), [AnswerOwed("note:T1:N1", "8080")]),
        ((*"8080", "ctrl+t"), [AnswerOwed("note:T1:N1", "8080", steers=True)]),
        (("ctrl+s", "escape"), []),
        (("ctrl+x",), [SettleOwed("note:T1:N1")]),
        ((*"8080", "escape"), []),
    ],
)
async def test_a_question_of_the_board_is_answered_from_the_inbox(keys: tuple[str, ...], ordered: list[object]) -> None:
    async with cockpit(asking()) as (pilot, _home, engine):
        await to_question(pilot)
        await pilot.press(*keys)
        await settled(pilot)
        assert engine.ordered == ordered


async def test_the_question_is_shown_whole_and_inert() -> None:
    async with cockpit(asking(f"port {HOSTILE} end-of-it", HOSTILE)) as (pilot, _home, _engine):
        await to_question(pilot)
        shown = drawn(pilot.app)
        assert "end-of-it" in shown and not any(char in shown for char in FORBIDDEN)


async def test_under_read_only_nothing_is_answered() -> None:
    async with cockpit(asking(), read_only=True) as (pilot, _home, engine):
        await pilot.press("I")
        await settled(pilot)
        await pilot.press("slash", *"port", "enter", "enter")
        await settled(pilot)
        assert not isinstance(pilot.app.screen, OwedDialog) and engine.ordered == []


async def take_up(pilot: Pilot[None], key: str) -> None:
    await pilot.press("K")
    await settled(pilot)
    assert isinstance(pilot.app.screen, RecoveryDialog)
    shown = drawn(pilot.app)
    assert "Ship it" in shown and "Which port?" in shown
    await pilot.press(key)
    await settled(pilot)


async def test_a_task_that_nobody_does_is_opened_again() -> None:
    async with cockpit(asking()) as (pilot, _home, engine):
        await take_up(pilot, "x")
        assert engine.ordered == [AssignTask(TaskId("LOST"), ""), MoveTask(TaskId("LOST"), "open")]


async def test_a_worker_takes_the_place_of_the_one_that_is_gone() -> None:
    async with cockpit(asking()) as (pilot, _home, engine):
        await take_up(pilot, "r")
        made, assigned = engine.ordered
        assert isinstance(made, Spawn) and (made.name, made.kind) == ("w-lost", AgentKind.WORKER)
        assert all(words in made.task for words in ("LOST", "Ship it", "All of it", "w-lost had it before"))
        assert assigned == AssignTask(TaskId("LOST"), "w-lost")


async def test_a_task_goes_to_another_agent_with_a_note_why() -> None:
    async with cockpit(asking()) as (pilot, _home, engine):
        await pilot.press("K")
        await settled(pilot)
        await pilot.press("a")
        await settled(pilot)
        await pilot.press("right", "enter")
        await settled(pilot)
        note, handed = engine.ordered
        assert isinstance(note, NoteTask) and "w-lost" in note.content
        assert isinstance(handed, HandOverTask) and handed.task == "LOST"
        assert handed.agent in {agent.id for agent in engine.fleet.agents}


async def test_enter_goes_to_the_task_and_to_the_question() -> None:
    async with cockpit(asking()) as (pilot, home, _engine):
        await take_up(pilot, "enter")
        assert home.pane == "board"
        await take_up(pilot, "j")
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, OwedDialog)
