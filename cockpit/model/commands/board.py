"""Commands about the tasks of the board."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.board import TaskContent
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
    dependencies: tuple[TaskId, ...] = ()
    """The tasks that it waits for."""


@dataclass(frozen=True, slots=True)
class MoveTask:
    """Change a task's status."""

    task: TaskId
    status: str
    seen: str = ""
    """The column it was seen in: whoever moved it elsewhere meanwhile is not overruled. Empty: wherever it is."""


@dataclass(frozen=True, slots=True)
class AssignTask:
    """Give a task to an agent or a person; empty text takes it away."""

    task: TaskId
    assignee: str
    seen: str | None = None
    """Who was seen to have it: whoever it was given to meanwhile keeps it. None: whoever has it."""


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


@dataclass(frozen=True, slots=True)
class EditTask:
    """Change several parts of a task; what others changed meanwhile stays, unless it is the same part."""

    task: TaskId
    before: TaskContent
    """What was read when the editing began."""
    after: TaskContent
    note: str = ""
    """A note to add; empty adds none."""
    note_kind: str = "update"


@dataclass(frozen=True, slots=True)
class DeleteTask:
    """Take a task off the board, with its notes."""

    task: TaskId


@dataclass(frozen=True, slots=True)
class BumpTask:
    """Raise a task's score by one: it stands higher in its column."""

    task: TaskId


@dataclass(frozen=True, slots=True)
class SubmitTask:
    """Hand a task in for review."""

    task: TaskId
    summary: str
    artifacts: tuple[tuple[str, str, str], ...] = ()
    """(type, label, url)"""


@dataclass(frozen=True, slots=True)
class ApproveTask:
    """Accept a task: it is done."""

    task: TaskId
    comment: str = ""


@dataclass(frozen=True, slots=True)
class RejectTask:
    """Hand a task back with a reason: it is open again."""

    task: TaskId
    reason: str


@dataclass(frozen=True, slots=True)
class AddArtifacts:
    """Add what a task produced."""

    task: TaskId
    artifacts: tuple[tuple[str, str, str], ...]
    """(type, label, url); the url may be a branch name or a path."""


ReviewCommand = SubmitTask | ApproveTask | RejectTask

BoardCommand = (
    CreateTask | MoveTask | AssignTask | NoteTask | EditTask | DeleteTask | BumpTask | ReviewCommand | AddArtifacts
)
