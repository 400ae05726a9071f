"""Who was on which task when: an answer counts for the task that its agent was on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cockpit.model.board import Task
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import AgentId, TaskId
from cockpit.model.names import agents_called

ON = "in_progress"
"""The status of a task that somebody is on."""


@dataclass(frozen=True, slots=True)
class OnTask:
    """An agent that is on a task now."""

    task: TaskId
    agent: AgentId
    title: str
    began: float
    """Unix seconds: when the board last heard of it, which is when it was given if nothing was said since."""


def on_tasks(fleet: Fleet) -> tuple[OnTask, ...]:
    """Return who is on what, as the board says; an assignee that names nobody, or several, is nobody."""
    found = []
    for task in fleet.tasks:
        agent = _assignee(task, fleet) if task.status == ON else None
        if agent is not None:
            found.append(OnTask(task.id, agent.id, task.title, task.updated_at))
    return tuple(found)


def _assignee(task: Task, fleet: Fleet) -> Agent | None:
    agents = agents_called(task.assignee, fleet.agents, fleet.vms) if task.assignee else ()
    return agents[0] if len(agents) == 1 else None


def ended_at(task: TaskId, tasks: Mapping[TaskId, Task], now: float) -> float:
    """Return when a task was left that nobody is on any more: as the board says, or now if it is not there."""
    known = tasks.get(task)
    return min(known.updated_at, now) if known is not None and known.updated_at else now


def by_id(tasks: Iterable[Task]) -> dict[TaskId, Task]:
    """Return tasks by their ids."""
    return {task.id: task for task in tasks}
