"""Acts on the shared board: whatever an answer says, the board itself tells whether one happened.

The server knows no versions of a task. So who changes one reads it first, puts together what does not collide, writes
only what is to be different, and is refused where somebody else changed the same part meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cockpit.engine.commands.verdicts import Change, Visible, lacking
from cockpit.engine.source import Source
from cockpit.errors import CockpitError, Refused, Undecided
from cockpit.model.board import OPERATOR, Task, content_of
from cockpit.model.commands.board import (
    AddArtifacts,
    ApproveTask,
    AssignTask,
    BoardCommand,
    BumpTask,
    CreateTask,
    DeleteTask,
    EditTask,
    MoveTask,
    NoteTask,
    RejectTask,
    SubmitTask,
)
from cockpit.model.ids import TaskId
from cockpit.model.tasks.merging import Collision, changed_parts, merge
from cockpit.services.board import BoardClient
from cockpit.services.errors import RecordNotFound, ServiceBroken, ServiceError, ServiceUnreachable

Act = Visible | CreateTask | DeleteTask
"""One call of the board."""


async def carry_out(source: Source, command: BoardCommand, known: Sequence[Task]) -> None:
    """Do it.

    Args:
        source: whose board.
        command: what.
        known: the tasks that were on the board before.

    Raises:
        Undecided: it cannot be told whether it happened.
        CockpitError: the board refused, or did not do it, or somebody else changed the same meanwhile.
    """
    board = source.board
    if board is None:
        raise Refused(
            "no board is configured", hint="`cockpit infra` makes one, or set VERS_INFRA_URL and VERS_AUTH_TOKEN"
        )
    done: list[str] = []
    for act in await _acts(board, command):
        try:
            await _do(board, act, known)
        except CockpitError as failure:
            if done:
                failure.message = f"{failure.message}; done before that: {', '.join(done)}"
                failure.args = (failure.message,)
            raise
        done.append("the change" if isinstance(act, Change) else "the note")


async def _acts(board: BoardClient, command: BoardCommand) -> Sequence[Act]:
    """Return the calls that carry a command out, after a look at the task as it is now.

    Raises:
        Refused: somebody else changed the same.
        ServiceError: the task cannot be read.
    """
    match command:
        case MoveTask(task_id, status, seen):
            now = (await board.get(task_id)).status if seen else ""
            if seen and now not in (seen, status):
                raise Refused(
                    f"somebody moved it to {now} meanwhile: it was {seen} when it was to become {status}",
                    hint="look at it, and move it again if that is still wanted",
                )
            return () if seen and now == status else (Change(task_id, (("status", status),), "move"),)
        case AssignTask(task_id, assignee, seen):
            has = (await board.get(task_id)).assignee if seen is not None else ""
            if seen is not None and has not in (seen, assignee):
                raise Refused(
                    f"{has or 'nobody'} has it meanwhile: it was {seen or 'nobody'}'s when it was to be"
                    f" {assignee or 'nobody'}'s",
                    hint="look at it, and assign it again if that is still wanted",
                )
            return (
                () if seen is not None and has == assignee else (Change(task_id, (("assignee", assignee),), "assign"),)
            )
        case EditTask():
            return await _of_edit(board, command)
        case _:
            return (command,)


async def _of_edit(board: BoardClient, command: EditTask) -> Sequence[Act]:
    now = content_of(await board.get(command.task))
    merged = merge(command.before, command.after, now)
    if merged.collisions:
        raise Refused(collision_words(merged.collisions), hint="nothing was changed: edit it again")
    parts = changed_parts(now, merged.content)
    acts: list[Act] = []
    if parts:
        acts.append(Change(command.task, tuple((part, getattr(merged.content, part)) for part in parts)))
    if command.note.strip():
        acts.append(NoteTask(command.task, command.note, command.note_kind))
    return acts


def collision_words(collisions: Sequence[Collision]) -> str:
    """Say what two changed, each to something else, with both versions."""
    said = "; ".join(f"{one.part} is {one.theirs!r} there, and {one.mine!r} here" for one in collisions)
    return f"somebody else changed the same meanwhile: {said}"


async def _do(board: BoardClient, act: Act, known: Sequence[Task]) -> None:
    try:
        await _ask(board, act, known)
    except ServiceError as failure:
        # These two do their parts one after another: a refused one does not take back those before it.
        in_part = isinstance(act, SubmitTask | AddArtifacts) and failure.status == 400
        if failure.undone and not in_part:
            raise
        try:
            verdict = await _seen(board, act, known, failure)
        except RecordNotFound as gone:
            raise gone from failure
        except ServiceError as blind:
            raise _undecided(failure, f"whether it happened is unknown: {blind.message}") from failure
        if verdict is failure:
            raise
        if verdict is not None:
            raise verdict from failure


async def _ask(board: BoardClient, act: Act, known: Sequence[Task]) -> None:
    match act:
        case CreateTask():
            made = await board.create(
                act.title,
                act.author or OPERATOR,
                description=act.description,
                status=act.status,
                assignee=act.assignee,
                tags=act.tags,
                dependencies=act.dependencies,
            )
            _check(made.title.strip() == act.title.strip(), f"create task {act.title[:60]!r}")
            return
        case DeleteTask(task_id):
            await board.delete(task_id)
            return
        case NoteTask(task_id, content, kind):
            note = await board.add_note(task_id, OPERATOR, content, kind)
            _check(note.content.strip() == content.strip(), f"add a note to task {task_id}")
            return
    shown = await _changed(board, act)
    lacks = shown.id != act.task or lacking(act, shown, _before(known, act.task))
    _check(not lacks, f"{_word(act)} task {act.task}")


async def _changed(
    board: BoardClient, act: Change | BumpTask | SubmitTask | ApproveTask | RejectTask | AddArtifacts
) -> Task:
    """Send what is answered with the task, and return that."""
    match act:
        case Change(task_id, values):
            given: dict[str, Any] = dict(values)
            return await board.patch(task_id, **given)
        case BumpTask(task_id):
            return await board.bump(task_id)
        case SubmitTask(task_id, summary, artifacts):
            return await board.submit(task_id, summary, OPERATOR, artifacts)
        case ApproveTask(task_id, comment):
            return await board.approve(task_id, OPERATOR, comment)
        case RejectTask(task_id, reason):
            return await board.reject(task_id, OPERATOR, reason)
        case AddArtifacts(task_id, artifacts):
            return await board.add_artifacts(task_id, artifacts, OPERATOR)


def _word(act: Visible) -> str:
    words: dict[type[object], str] = {BumpTask: "bump", SubmitTask: "submit", ApproveTask: "approve"}
    words |= {RejectTask: "reject", AddArtifacts: "add artifacts to", NoteTask: "add a note to"}
    return act.what if isinstance(act, Change) else words[type(act)]


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


def _before(known: Sequence[Task], task_id: TaskId) -> Task | None:
    return next((task for task in known if task.id == task_id), None)


async def _seen(board: BoardClient, act: Act, known: Sequence[Task], failure: ServiceError) -> CockpitError | None:
    """Return what is to be said of an act whose answer did not say that it happened; None if the board shows it.

    Raises:
        ServiceError: the board cannot be read.
    """
    if isinstance(act, CreateTask):
        return await _seen_of_created(board, act, known, failure)
    if isinstance(act, DeleteTask):
        try:
            await board.get(act.task)
        except RecordNotFound:
            return None
        return _not_seen(failure, "the board shows it still")
    lacks = lacking(act, await board.get(act.task), _before(known, act.task))
    return _not_seen(failure, lacks) if lacks else None


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
