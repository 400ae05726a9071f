"""Commands about the tasks of the board."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.ids import AgentId, TaskId


@dataclass(frozen=True, slots=True)
class CreateTask:
    """Put a task on the board."""

    title: str
    description: str = ""
    assignee: str = ""
    tags: tuple[str, ...] = ()
    status: str = ""
    """Its column; empty for the board's first."""
    author: str = ""
    """Who is named as its author; empty for the operator."""


@dataclass(frozen=True, slots=True)
class MoveTask:
    """Change a task's status."""

    task: TaskId
    status: str


@dataclass(frozen=True, slots=True)
class AssignTask:
    """Give a task to an agent or a person; empty text takes it away."""

    task: TaskId
    assignee: str


@dataclass(frozen=True, slots=True)
class NoteTask:
    """Add a note to a task."""

    task: TaskId
    content: str
    kind: str = "update"
    """`finding`, `blocker`, `question` or `update`."""


@dataclass(frozen=True, slots=True)
class HandOverTask:
    """Give an agent a task to work on: it gets the prompt, and has the task once it has accepted that."""

    task: TaskId
    agent: AgentId


BoardCommand = CreateTask | MoveTask | AssignTask | NoteTask
