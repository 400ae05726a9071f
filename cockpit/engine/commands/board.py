"""Acts on the shared board: whatever an answer says, the board itself tells whether one happened."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.engine.source import Source
from cockpit.errors import CockpitError, Refused, Undecided
from cockpit.model.board import OPERATOR, Task
from cockpit.model.commands.board import AssignTask, BoardCommand, CreateTask, MoveTask, NoteTask
from cockpit.services.board import BoardClient
from cockpit.services.errors import RecordNotFound, ServiceBroken, ServiceError, ServiceUnreachable


async def carry_out(source: Source, command: BoardCommand, known: Sequence[Task]) -> None:
    """Do it.

    Args:
        source: whose board.
        command: what.
        known: the tasks that were on the board before.

    Raises:
        Undecided: it cannot be told whether it happened.
        CockpitError: the board refused, or did not do it.
    """
    board = source.board
    if board is None:
        raise Refused(
            "no board is configured", hint="`cockpit infra` makes one, or set VERS_INFRA_URL and VERS_AUTH_TOKEN"
        )
    try:
        await _ask(board, command)
    except ServiceError as failure:
        if failure.undone:
            raise
        try:
            verdict = await _seen(board, command, known, failure)
        except RecordNotFound as gone:
            raise gone from failure
        except ServiceError as blind:
            raise _undecided(failure, f"whether it happened is unknown: {blind.message}") from failure
        if verdict is failure:
            raise
        if verdict is not None:
            raise verdict from failure


async def _ask(board: BoardClient, command: BoardCommand) -> None:
    match command:
        case CreateTask(title, description, assignee, tags, status, author):
            made = await board.create(
                title, author or OPERATOR, description=description, status=status, assignee=assignee, tags=tags
            )
            _check(made.title.strip() == title.strip(), f"create task {title[:60]!r}")
        case MoveTask(task, status):
            changed = await board.patch(task, status=status)
            _check(changed.id == task and _is_so(command, changed), f"move task {task}")
        case AssignTask(task, assignee):
            changed = await board.patch(task, assignee=assignee)
            _check(changed.id == task and _is_so(command, changed), f"assign task {task}")
        case NoteTask(task, content, kind):
            note = await board.add_note(task, OPERATOR, content, kind)
            _check(note.content.strip() == content.strip(), f"add a note to task {task}")


async def give_to(board: BoardClient, former: str, name: str) -> tuple[int, tuple[str, ...]]:
    """Assign the tasks that one name has to another one: an agent was renamed.

    Returns:
        How many follow, and why others do not, a sentence each.
    """
    try:
        tasks = [task for task in (await board.listing()).tasks if task.assignee == former]
    except ServiceError as error:
        return 0, (f"the tasks of {former} cannot be looked for: {error.message}",)
    failures: list[str] = []
    for task in tasks:
        try:
            await board.patch(task.id, assignee=name)
        except ServiceError as error:
            failures.append(f"task {task.id} is still assigned to {former}: {error.message}")
    return len(tasks) - len(failures), tuple(failures)


def _check(shown: bool, what: str) -> None:
    """Refuse a success that shows something else than what was asked for."""
    if not shown:
        raise ServiceBroken(f"could not {what}: the answer shows something else")


def _is_so(command: MoveTask | AssignTask, task: Task) -> bool:
    if isinstance(command, MoveTask):
        return task.status == command.status
    return task.assignee == command.assignee


async def _seen(
    board: BoardClient, command: BoardCommand, known: Sequence[Task], failure: ServiceError
) -> CockpitError | None:
    """Return what is to be said of an act whose answer did not say that it happened; None if the board shows it.

    Raises:
        ServiceError: the board cannot be read.
    """
    match command:
        case CreateTask():
            return await _seen_of_created(board, command, known, failure)
        case MoveTask() | AssignTask():
            task = await board.get(command.task)
            shown = task.status if isinstance(command, MoveTask) else f"assigned to {task.assignee or 'nobody'}"
            return None if _is_so(command, task) else _not_seen(failure, f"the board shows it as {shown}")
        case NoteTask():
            before = next((_notes(task, command) for task in known if task.id == command.task), 0)
            is_there = _notes(await board.get(command.task), command) > before
            return None if is_there else _not_seen(failure, "the board shows no such note")


async def _seen_of_created(
    board: BoardClient, command: CreateTask, known: Sequence[Task], failure: ServiceError
) -> CockpitError:
    """Say what may have come of a call whose answer was lost: nothing on a task tells which call made it."""
    listing = await board.listing()
    before = {task.id for task in known}
    wanted = (command.title.strip(), command.author or OPERATOR)
    fresh = (task for task in listing.tasks if task.id not in before)
    found = [task.id for task in fresh if (task.title.strip(), task.created_by) == wanted]
    if found:
        return _undecided(failure, f"a task of this title is there since: {', '.join(found)}")
    if listing.unreadable:
        return _undecided(failure, f"{listing.unreadable} tasks of the board cannot be read: it may be one of them")
    return _not_seen(failure, "the board shows no such task")


def _notes(task: Task, command: NoteTask) -> int:
    return sum((note.author, note.content.strip()) == (OPERATOR, command.content.strip()) for note in task.notes)


def _not_seen(failure: ServiceError, seen: str) -> CockpitError:
    """Return the failure with what was seen after it; what got no answer may still be done in a moment."""
    if isinstance(failure, ServiceUnreachable):
        return _undecided(failure, seen)
    failure.message = f"{failure.message}; {seen}"
    failure.args = (failure.message,)
    failure.hint = "read the board before you try again"
    return failure


def _undecided(failure: ServiceError, seen: str) -> Undecided:
    return Undecided(f"{failure.message}; {seen}", hint="look at the board before you try again")
