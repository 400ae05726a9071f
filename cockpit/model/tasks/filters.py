"""Which tasks an operator wants to see: as one types it, and as a verb is told it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cockpit.model.board import Task
from cockpit.model.filters.fields import Vocabulary, Wording
from cockpit.model.filters.language import filter_of

NOBODY = "nobody"
"""Stands for a task without an assignee."""


def _words(task: Task) -> Iterable[str]:
    return (task.id, task.title, task.description, task.status, task.assignee, *task.tags)


TASKS: Vocabulary[Task] = Vocabulary(
    _words,
    {
        "state": Wording(lambda task: (task.status, task.status.replace("_", "-"))),
        "tag": Wording(lambda task: task.tags, several=True),
        "agent": Wording(lambda task: (task.assignee or NOBODY,)),
        "by": Wording(lambda task: (task.created_by,)),
        "task": Wording(lambda task: (task.title, task.id), within=True),
    },
    marks={"#": "tag", "@": "agent"},
    others={"is": "state", "status": "state", "label": "tag", "assignee": "agent", "creator": "by", "title": "task"},
)
"""Tasks: `#tag @assignee by:creator is:column`, and words."""


def filtered(tasks: Iterable[Task], text: str) -> list[Task]:
    """Return the tasks that a line asks for, in their order."""
    return filter_of(text, TASKS).of(tasks)


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """What a task must have, name by name as a verb is told it: whole names, in which the case counts."""

    words: tuple[str, ...] = ()
    """In small letters."""
    tags: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    line: str = ""
    """What is typed in a screen's filter."""

    def fits(self, task: Task) -> bool:
        """Say whether a task is wanted; several of one kind must all fit, but of columns one is enough."""
        text = "\n".join(_words(task)).casefold()
        return (
            all(word in text for word in self.words)
            and all(tag in task.tags for tag in self.tags)
            and all(name == (task.assignee or NOBODY) for name in self.assignees)
            and all(name == task.created_by for name in self.creators)
            and (not self.statuses or task.status in self.statuses)
            and filter_of(self.line, TASKS).fits(task)
        )
