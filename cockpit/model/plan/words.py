"""A plan in words and numbers, for screens and verbs: how it stands, and how long it will take where that is known."""

from __future__ import annotations

from cockpit.model.board import Task
from cockpit.model.ids import TaskId
from cockpit.model.plan.marks import AUTHOR, BoardPlan, minutes_of
from cockpit.model.plan.plan import PlanSettings
from cockpit.model.plan.port import PlanStatus
from cockpit.model.plan.schedule import TaskState

LAST_WORDS = 12
"""Lines of what a plan said last that are shown; the task that stands for it has all."""


def standing(status: PlanStatus) -> str:
    """Return in a word how a plan stands."""
    plan = status.plan
    if plan.head.status == "done":
        return "done"
    if not plan.runs:
        return "not begun" if plan.head.status == "open" else plan.head.status
    if plan.held:
        return "held"
    return "stands still" if status.outlook.stands_still else "runs"


def dispatcher_words(status: PlanStatus) -> str:
    """Say who hands the tasks of a plan out that runs, as far as is known here."""
    if not status.plan.runs:
        return ""
    if status.trouble:
        return status.trouble
    return "this cockpit hands its tasks out" if status.here else ""


def last_words(plan: BoardPlan) -> tuple[str, ...]:
    """Return what a plan that is done said of its workers, a line each."""
    said = [note.content for note in plan.head.notes if note.author == AUTHOR]
    return tuple(said[-1].splitlines()[:LAST_WORDS]) if said and plan.head.status == "done" else ()


def workers_words(settings: PlanSettings) -> str:
    """Say what becomes of the workers that are made for a plan, or nothing where none may be made."""
    if not settings.vms:
        return ""
    return f"its {settings.vms} workers {'stay' if settings.keeps else 'are torn down'} when it is done"


def least_minutes(status: PlanStatus) -> float | None:
    """Return how many minutes a plan needs at least, by what its author wrote on each task that is left.

    None where one of them does not say, or where something stops it: then nobody knows.
    """
    left = [one for one in status.outlook.tasks if one.state is not TaskState.DONE]
    stopped = (TaskState.BLOCKED, TaskState.STOPPED, TaskState.ELSEWHERE)
    if not left or any(one.state in stopped or not minutes_of(one.task) for one in left):
        return None
    by_id = {one.task.id: one.task for one in left}
    longest: dict[TaskId, float] = {}
    # Each stands after those it waits for, as they were made.
    for task in by_id.values():
        longest[task.id] = _own(task) + max(_before(task, longest), default=0.0)
    together = sum(map(_own, by_id.values())) / status.plan.settings.at_once
    return max(together, *longest.values())


def _before(task: Task, longest: dict[TaskId, float]) -> list[float]:
    return [longest[one] for one in task.dependencies if one in longest]


def _own(task: Task) -> float:
    """Return what a task takes still; what was handed in takes nobody's time but the operator's."""
    return 0.0 if task.status == "in_review" else minutes_of(task)
