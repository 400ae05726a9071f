"""Why a command about the board is refused."""

from __future__ import annotations

from cockpit.model.board import TASK_STATUSES
from cockpit.model.commands.board import BoardCommand, CreateTask, HandOverTask, MoveTask, NoteTask
from cockpit.model.fleet import Fleet, is_at_work
from cockpit.model.refusals.agent import unreachable
from cockpit.model.refusals.grounds import NO_AGENT, Refusal, RefusalCode

NO_BOARD = Refusal(
    RefusalCode.NO_BOARD,
    "no board is configured: `cockpit infra` makes one, or set VERS_INFRA_URL and VERS_AUTH_TOKEN",
)


NO_TASK = Refusal(RefusalCode.NO_TASK, "there is no such task")


def of_hand_over(command: HandOverTask, fleet: Fleet) -> Refusal | None:
    task = next((task for task in fleet.tasks if task.id == command.task), None)
    if task is None:
        return NO_TASK
    agent = fleet.agent(command.agent)
    if agent is None:
        return NO_AGENT
    if task.status == "done":
        return Refusal(RefusalCode.ALREADY, "it is done already")
    if task.status == "in_progress" and task.assignee == agent.name and is_at_work(agent):
        return Refusal(RefusalCode.ALREADY, f"{agent.name} has it, and works")
    return unreachable(agent, fleet)


def to_board(command: BoardCommand, fleet: Fleet) -> Refusal | None:
    if isinstance(command, CreateTask):
        if command.status and command.status not in TASK_STATUSES:
            return Refusal(RefusalCode.NO_COLUMN, f"there is no column {command.status!r}")
        return None if command.title.strip() else Refusal(RefusalCode.NO_TEXT, "a task needs a title")
    task = next((task for task in fleet.tasks if task.id == command.task), None)
    if task is None:
        return NO_TASK
    if isinstance(command, MoveTask):
        if command.status not in TASK_STATUSES:
            return Refusal(RefusalCode.NO_COLUMN, f"there is no column {command.status!r}")
        if command.status == task.status:
            return Refusal(RefusalCode.ALREADY, f"it is {task.status.replace('_', ' ')} already")
    if isinstance(command, NoteTask) and not command.content.strip():
        return Refusal(RefusalCode.NO_TEXT, "a note needs a text")
    return None
