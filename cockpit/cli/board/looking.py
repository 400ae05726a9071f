"""The verbs that look at the board: its tasks, one of them, and where it was worked on."""

from __future__ import annotations

import difflib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cockpit.cli import output
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, everybody, nobody, require_health, say_missing
from cockpit.errors import NotFound, Refused, UsageError
from cockpit.model.ages import age_text
from cockpit.model.board import Task
from cockpit.model.fleet import Fleet
from cockpit.model.row_doubts import all_doubts
from cockpit.model.tasks.filters import TaskFilter
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, clean_text, our_line, our_text
from cockpit.text.streams import say, warn

if TYPE_CHECKING:
    from cockpit.engine.port import HeadlessPort

SETTLE_LIMIT = 20.0
"""Seconds the list waits for what agents do who are said to work on a task."""

LEAST = 4
"""Characters of the beginning of an id that name a task."""


@asynccontextmanager
async def with_board(
    headless: Headless, *, watch: bool = False, lists_only: bool = False
) -> AsyncIterator[HeadlessPort]:
    """Run an engine that has read the board, attached to no agent.

    Args:
        watch: keep reading it.
        lists_only: nothing is ordered.

    Raises:
        Refused: there is no board, or it did not answer.
    """
    if not await headless.has_board():
        raise Refused(
            "no board is configured", hint="`cockpit infra` makes one, or set VERS_INFRA_URL and VERS_AUTH_TOKEN"
        )
    async with headless.engine(nobody, watch=watch, lists_only=lists_only) as engine:
        require_health(engine, "board")
        yield engine


def task_named(fleet: Fleet, name: str) -> Task:
    """Return the task with an id, with an id that begins so, or with a title.

    Raises:
        UsageError: several have it.
        NotFound: none has it; says which titles are near.
    """
    wanted = name.strip()
    found = [task for task in fleet.tasks if task.id == wanted]
    found = found or [task for task in fleet.tasks if task.title.strip() == wanted]
    if not found and len(wanted) >= LEAST:
        found = [task for task in fleet.tasks if task.id.upper().startswith(wanted.upper())]
    if len(found) > 1:
        candidates = "; ".join(f"{task.id} {task.title[:40]}" for task in found[:8])
        raise UsageError(f"{len(found)} tasks are called {name}: {candidates}", hint="give more of the id")
    if not found:
        near = difflib.get_close_matches(wanted, [task.title for task in fleet.tasks], n=3, cutoff=0.4)
        raise NotFound(f"there is no task {name}", hint=f"nearest: {'; '.join(near)}" if near else "cockpit board")
    return found[0]


async def listed(headless: Headless, wanted: TaskFilter, as_json: bool) -> int:
    """List the tasks of the board that are wanted, with what their rows say that is not so."""
    async with with_board(headless, lists_only=True) as engine:
        if any(task.status == "in_progress" and task.assignee for task in engine.fleet.tasks):
            # Whether an agent works on its task is told by its stream alone.
            await engine.attach(everybody)
            await engine.settled(min(SETTLE_LIMIT, headless.left()))
        tasks = [task for task in engine.fleet.tasks if wanted.fits(task)]
        doubted = all_doubts(engine.fleet, engine.now())
        if as_json:
            output.print_json([output.task_object(task, doubted.get(task.id, ())) for task in tasks])
        else:
            rows = [(task.id, task.status, task.assignee or "-", f"{len(task.notes)}", task.title) for task in tasks]
            output.print_table(("TASK", "STATUS", "ASSIGNEE", "NOTES", "TITLE"), rows)
            for task in tasks:
                for doubt in doubted.get(task.id, ()):
                    warn(our_text("cockpit: {}: {}", task.id, doubt.sentence))
        missing = say_missing(engine, "board")
        if not tasks and engine.fleet.tasks:
            warn(our_text("cockpit: none of {} tasks is such a one", len(engine.fleet.tasks)))
            return ExitCode.FAILED
    return ExitCode.PARTIAL if missing else ExitCode.DONE


def whole_object(task: Task) -> dict[str, Any]:
    """Return all of a task for JSON."""
    return {
        **output.task_object(task),
        "description": task.description,
        "created_by": task.created_by,
        "notes": [asdict(note) for note in task.notes],
        "artifacts": [{"type": kind, "label": label, "url": url} for kind, label, url in task.artifacts],
    }


async def show(headless: Headless, name: str, as_json: bool) -> int:
    """Print all of a task."""
    async with with_board(headless) as engine:
        task = await engine.coordination.board.read(task_named(engine.fleet, name).id)
        if as_json:
            output.print_json(whole_object(task))
        else:
            _print(task, engine.fleet, engine.now())
    return ExitCode.DONE


def _print(task: Task, fleet: Fleet, now: float) -> None:
    say(our_line("{}  {}", task.id, task.title))
    tags = " ".join(f"#{tag}" for tag in task.tags)
    facts = (task.status, task.assignee or "nobody has it", f"by {task.created_by}" if task.created_by else "", tags)
    say(clean_line(" · ".join(fact for fact in facts if fact)))
    if task.description:
        say(ours(""))
        say(clean_text(task.description))
    titles = {other.id: f"{other.status}: {other.title}" for other in fleet.tasks}
    for dependency in task.dependencies:
        say(our_line("waits for {} {}", dependency, titles.get(dependency, "(not on the board)")))
    for kind, label, url in task.artifacts:
        say(our_line("{}: {} {}", kind, label, url))
    for note in task.notes:
        said = f"{age_text(max(0.0, now - note.created_at))} ago" if note.created_at else ""
        say(our_line("\n{} ({}) {}", note.author, note.kind, said))
        say(clean_text(note.content))


async def worked_on(headless: Headless, name: str, as_json: bool) -> int:
    """Say who worked on a task, and from which line of its output on."""
    async with with_board(headless) as engine:
        task = task_named(engine.fleet, name)
        found = await engine.coordination.board.worked_on(task.id)
        agent = engine.fleet.agent(found.agent) if found is not None else None
        if found is None or agent is None:
            raise NotFound(f"no agent here has task {task.id}", hint=f"its assignee is {task.assignee or 'nobody'}")
        line = found.place[1] if found.place is not None else None
        if as_json:
            output.print_json(
                {"task": task.id, "agent": agent.name, "vm_id": agent.vm_id, "at": found.at, "line": line}
            )
        elif line is None:
            say(our_text("{} has it; nothing that it wrote is kept here", agent.name))
        else:
            say(our_line("cockpit tail {} --from-line {} --no-follow", agent.name, max(1, line)))
    return ExitCode.DONE
