"""An order is taken back by the order that makes it as it was, and nobody else's change is overruled by that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.board import Task
from cockpit.model.commands.board import AssignTask, DeleteTask, MoveTask
from cockpit.model.commands.command import Command
from cockpit.model.commands.inbox import PutOffEntry, TakeBackEntry
from cockpit.model.commands.vm import Pause, Resume
from cockpit.model.fleet import Agent, AgentKind, Fleet, Vm
from cockpit.model.ids import TaskId, VmId, agent_of
from cockpit.model.inbox.shelf import PutOff
from cockpit.model.undoing import undoable_of

VM = VmId("aaaaaaaa-0000-4000-8000-000000000001")
TASK = Task(TaskId("T1"), "Limiter", "open", "w-1")
FLEET = Fleet(vms=(Vm(VM),), agents=(Agent(agent_of(VM), "ada", AgentKind.LIEUTENANT, VM),), tasks=(TASK,))


@pytest.mark.parametrize(
    ("command", "said", "back"),
    [
        (Pause(VM), "paused ada", Resume(VM)),
        (Resume(VM), "resumed ada", Pause(VM)),
        (
            MoveTask(TASK.id, "in_review", "open"),
            "moved Limiter to in review",
            MoveTask(TASK.id, "open", "in_review"),
        ),
        (AssignTask(TASK.id, "ada"), "gave Limiter to ada", AssignTask(TASK.id, "w-1", "ada")),
        (PutOffEntry("k", "m", PutOff.MUTE, "ada failed"), "muted ada failed", TakeBackEntry("k")),
        (PutOffEntry("k", "m", PutOff.HOUR, "ada failed"), "put off ada failed", TakeBackEntry("k")),
        (AssignTask(TASK.id, ""), "took Limiter from w-1", AssignTask(TASK.id, "w-1", "")),
    ],
)
def test_what_undoes_an_order(command: Command, said: str, back: Command) -> None:
    undoable = undoable_of(command, FLEET)
    assert undoable is not None
    assert (undoable.said, undoable.back) == (said, back)


@pytest.mark.parametrize(
    "command",
    [MoveTask(TASK.id, "open"), AssignTask(TASK.id, "w-1"), MoveTask(TaskId("T9"), "done"), DeleteTask(TASK.id)],
)
def test_what_changes_nothing_or_cannot_be_taken_back_is_not_offered(command: Command) -> None:
    assert undoable_of(command, FLEET) is None
    assert undoable_of(command, replace(FLEET, tasks=())) is None
