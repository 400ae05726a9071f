"""Acts on the shared board."""

from __future__ import annotations

from cockpit.engine.source import Source
from cockpit.errors import Refused
from cockpit.model.commands import AssignTask, BoardCommand, CreateTask, MoveTask, NoteTask
from cockpit.model.fleet import TASK_STATUSES, Fleet

AUTHOR = "operator"
"""How the operator is named on the board."""


def refusal(source: Source, fleet: Fleet, command: BoardCommand) -> str:
    """Say why a board command cannot be carried out, or return empty text."""
    if source.board is None:
        return "no board is configured: set VERS_INFRA_URL and VERS_AUTH_TOKEN"
    if isinstance(command, CreateTask):
        return "" if command.title.strip() else "a task needs a title"
    task = next((task for task in fleet.tasks if task.id == command.task), None)
    if task is None:
        return "there is no such task"
    if isinstance(command, MoveTask):
        if command.status not in TASK_STATUSES:
            return f"there is no column {command.status!r}"
        if command.status == task.status:
            return f"it is {task.status.replace('_', ' ')} already"
    if isinstance(command, NoteTask) and not command.content.strip():
        return "a note needs a text"
    return ""


async def carry_out(source: Source, command: BoardCommand) -> None:
    """Do it.

    Raises:
        CockpitError: the board refused or did not answer.
    """
    board = source.board
    if board is None:
        raise Refused("no board is configured", hint="set VERS_INFRA_URL and VERS_AUTH_TOKEN")
    match command:
        case CreateTask(title, description, assignee, tags):
            await board.create(title, AUTHOR, description=description, assignee=assignee, tags=tags)
        case MoveTask(task, status):
            await board.patch(task, status=status)
        case AssignTask(task, assignee):
            await board.patch(task, assignee=assignee)
        case NoteTask(task, content, kind):
            await board.add_note(task, AUTHOR, content, kind)
