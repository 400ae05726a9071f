"""The verbs that act upon the board's tasks; each says what the board shows of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from cockpit.cli import output
from cockpit.cli.board.looking import task_named, whole_object, with_board
from cockpit.cli.courses import carry_out_all, say_failed
from cockpit.cli.exits import ExitCode
from cockpit.cli.fleet import said_yes
from cockpit.cli.headless import Headless
from cockpit.cli.rehearsal import rehearse
from cockpit.engine.port import HeadlessPort
from cockpit.errors import CockpitError, Refused, UsageError
from cockpit.model.board import Task, content_of
from cockpit.model.commands.board import BoardCommand, CreateTask, DeleteTask, EditTask
from cockpit.model.ids import TaskId
from cockpit.model.refusals.grounds import RefusalCode
from cockpit.text.clean import Clean
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn


@dataclass(frozen=True, slots=True)
class BoardManner:
    """How a verb does what it does."""

    dry_run: bool = False
    as_json: bool = False
    yes: bool = True


async def create(headless: Headless, command: CreateTask, manner: BoardManner) -> int:
    """Put a task on the board, and print its id."""
    async with with_board(headless) as engine:
        needed = tuple(task_named(engine.fleet, name).id for name in command.dependencies)
        command = replace(command, dependencies=needed)
        if manner.dry_run:
            return rehearse(engine, command, our_line("put {} on the board", command.title), manner.as_json)
        before = {task.id for task in engine.fleet.tasks}
        if not await _carried_out(engine, command):
            return ExitCode.FAILED
        await engine.coordination.board.reread()
        fresh = [task for task in engine.fleet.tasks if task.id not in before and task.title == command.title.strip()]
        if manner.as_json:
            output.print_json(whole_object(fresh[-1]) if fresh else None)
        elif fresh:
            say(our_line("{} {}", fresh[-1].id, fresh[-1].title))
    return ExitCode.DONE


async def act(
    headless: Headless, name: str, build: Callable[[Task], BoardCommand], what: str, manner: BoardManner
) -> int:
    """Act upon a task, and print what the board shows of it then.

    Args:
        name: the task: its id, the beginning of it, or its title.
        build: makes the command of the task.
        what: what is done to it, e.g. `move`.
        manner: how.
    """
    async with with_board(headless) as engine:
        task = task_named(engine.fleet, name)
        command = build(task)
        if manner.dry_run:
            return rehearse(engine, command, our_line("{} task {} {}", what, task.id, task.title), manner.as_json)
        refused = engine.refusal(command)
        if refused is not None and refused.code is not RefusalCode.ALREADY:
            raise Refused(f"cannot {what} task {task.id}: {refused.sentence}")
        if refused is not None:
            warn(our_text("{}", refused.sentence))
        else:
            if isinstance(command, DeleteTask) and not manner.yes and not said_yes("delete it", _of_deletion(task)):
                return ExitCode.FAILED
            if not await _carried_out(engine, command):
                return ExitCode.FAILED
        await _print_after(engine, task, command, manner)
    return ExitCode.DONE


def _of_deletion(task: Task) -> Clean:
    count = len(task.notes)
    return our_line("Delete {} with {} note{}? It cannot be undone.", task.title, count, "" if count == 1 else "s")


async def _carried_out(engine: HeadlessPort, command: BoardCommand) -> bool:
    return not say_failed(await carry_out_all(engine, [command]))


async def _print_after(engine: HeadlessPort, task: Task, command: BoardCommand, manner: BoardManner) -> None:
    if isinstance(command, DeleteTask):
        if manner.as_json:
            output.print_json({"id": task.id, "deleted": True})
        else:
            say(our_line("{} deleted", task.id))
        return
    try:
        now = await engine.coordination.board.read(task.id)
    except CockpitError as error:
        # It was done: what cannot be had is a look at it afterwards.
        warn(our_text("cockpit: {}", str(error)))
        now = task
    if manner.as_json:
        output.print_json(whole_object(now))
    else:
        say(our_line("{} {} {} {}", now.id, now.status, now.assignee or "-", now.title))


def artifacts_of(texts: Iterable[str]) -> tuple[tuple[str, str, str], ...]:
    """Return the artifacts of texts such as `branch=label=address`.

    Raises:
        UsageError: one is none.
    """
    found: list[tuple[str, str, str]] = []
    for text in texts:
        kind, _, rest = text.partition("=")
        label, mark, url = rest.partition("=")
        if not mark or not label or not url:
            raise UsageError(f"--artifact {text!r} is no TYPE=LABEL=ADDRESS", hint="e.g. branch=work=feature/birds")
        found.append((kind, label, url))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Edits:
    """What is to be different of a task; None and nothing leave a part as it is."""

    title: str | None = None
    description: str | None = None
    assignee: str | None = None
    tags: tuple[str, ...] = ()
    untag: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    needs_not: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything is to be different."""
        return self != Edits()


def edit_of(engine: HeadlessPort, task: Task, edits: Edits) -> EditTask:
    """Return the command that makes a task different.

    Raises:
        CockpitError: a task that it is to wait for is not there.
    """
    before = content_of(task)
    given = ((part, getattr(edits, part)) for part in ("title", "description", "assignee"))
    wanted = {part: value for part, value in given if value is not None}
    needs = [task_named(engine.fleet, name).id for name in edits.needs]
    not_any_more = {_known(engine, task, name) for name in edits.needs_not}
    kept = [one for one in before.dependencies if one not in not_any_more]
    after = replace(
        before,
        **wanted,
        tags=(
            *(tag for tag in before.tags if tag not in edits.untag),
            *(tag for tag in dict.fromkeys(edits.tags) if tag not in before.tags),
        ),
        dependencies=(*kept, *(one for one in dict.fromkeys(needs) if one not in kept)),
    )
    return EditTask(task.id, before, after)


def _known(engine: HeadlessPort, task: Task, name: str) -> TaskId:
    """Return a task that another waits for; it need not be on the board any more."""
    whole = TaskId(name.strip())
    return whole if whole in task.dependencies else task_named(engine.fleet, name).id
