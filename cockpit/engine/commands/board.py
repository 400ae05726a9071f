"""Acts on the shared board."""

from __future__ import annotations

from cockpit.engine.source import Source
from cockpit.errors import Refused
from cockpit.model.commands import AssignTask, BoardCommand, CreateTask, MoveTask, NoteTask

AUTHOR = "operator"
"""How the operator is named on the board."""


async def carry_out(source: Source, command: BoardCommand) -> None:
    """Do it.

    Raises:
        CockpitError: the board refused or did not answer.
    """
    board = source.board
    if board is None:
        raise Refused("no board is configured", hint="set VERS_INFRA_URL and VERS_AUTH_TOKEN")
    match command:
        case CreateTask(title, description, assignee, tags, status, author):
            await board.create(
                title, author or AUTHOR, description=description, status=status, assignee=assignee, tags=tags
            )
        case MoveTask(task, status):
            await board.patch(task, status=status)
        case AssignTask(task, assignee):
            await board.patch(task, assignee=assignee)
        case NoteTask(task, content, kind):
            await board.add_note(task, AUTHOR, content, kind)
