"""The shared state of a swarm: the board's tasks with their notes, and the feed's events; times are unix seconds."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.ids import TaskId


@dataclass(frozen=True, slots=True)
class Note:
    """A note on a board task."""

    author: str
    content: str
    kind: str
    created_at: float
    id: str = ""
    """As the server numbers it; empty where it was not said."""


@dataclass(frozen=True, slots=True)
class Task:
    """A board task."""

    id: TaskId
    title: str
    status: str
    """`open`, `in_progress`, `in_review`, `blocked`, `done`, or a word of a newer server."""
    assignee: str = ""
    description: str = ""
    created_by: str = ""
    tags: tuple[str, ...] = ()
    dependencies: tuple[TaskId, ...] = ()
    notes: tuple[Note, ...] = ()
    artifacts: tuple[tuple[str, str, str], ...] = ()
    """(type, label, url)"""
    score: int = 0
    created_at: float = 0.0
    updated_at: float = 0.0


OPERATOR = "operator"
"""How the operator is named on board and feed: no agent is called so, and no program of an agent writes it."""

TASK_STATUSES = ("open", "in_progress", "in_review", "blocked", "done")
"""Board columns, in order (hdresearch/vers-agent-services, src/board)."""

NOTE_KINDS = ("update", "finding", "blocker", "question")
ARTIFACT_KINDS = ("branch", "report", "deploy", "diff", "file", "url")


@dataclass(frozen=True, slots=True)
class TaskContent:
    """What of a task is anybody's to change."""

    title: str
    description: str = ""
    status: str = "open"
    assignee: str = ""
    tags: tuple[str, ...] = ()
    dependencies: tuple[TaskId, ...] = ()


def content_of(task: Task) -> TaskContent:
    """Return what of a task can be changed."""
    return TaskContent(
        task.title.strip(), task.description.strip(), task.status, task.assignee, task.tags, task.dependencies
    )


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One event of the shared feed."""

    id: str
    agent: str
    kind: str
    summary: str
    at: float
    detail: str = ""
    task: TaskId | None = None
    """The task it is about, where its metadata says so."""
    answers: str = ""
    """The event it answers, where its metadata says so."""
    place: str = ""
    """Which run of the agent it tells of, where a cockpit says it for the agent."""

    @property
    def words(self) -> str:
        """Its detail where it was written for people: what programs read, an object or a list, is left out."""
        return "" if self.detail.lstrip().startswith(("{", "[")) else self.detail


USAGE_KINDS = ("token_update", "cost_update")
"""Events of which only sums are worth a line; they are by far the most frequent."""
