"""Which tasks an operator wants to see: by words, tag, assignee, creator and column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cockpit.model.board import Task

NOBODY = "nobody"
"""Stands for a task without an assignee."""


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """What a task must have; several of one kind must all fit."""

    words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    exact: bool = False
    """Names are whole; otherwise their beginnings are enough, whatever the case: they are being typed."""

    def fits(self, task: Task) -> bool:
        """Say whether a task is wanted."""
        text = "\n".join((task.id, task.title, task.description, task.status, task.assignee, *task.tags)).casefold()
        return (
            all(word in text for word in self.words)
            and all(any(self._is(wanted, tag) for tag in task.tags) for wanted in self.tags)
            and all(self._is(wanted, task.assignee or NOBODY) for wanted in self.assignees)
            and all(self._is(wanted, task.created_by) for wanted in self.creators)
            and (not self.statuses or any(self._is(wanted, task.status) for wanted in self.statuses))
        )

    def _is(self, wanted: str, name: str) -> bool:
        return name == wanted if self.exact else name.casefold().startswith(wanted.casefold())


def filter_of(text: str) -> TaskFilter:
    """Return what a line asks for: `#tag @assignee by:creator is:column`, and words."""
    kinds: dict[str, list[str]] = {"#": [], "@": [], "by:": [], "is:": [], "": []}
    for word in text.split():
        mark = next((mark for mark in kinds if mark and word.startswith(mark)), "")
        if rest := word.removeprefix(mark):
            kinds[mark].append(rest if mark else rest.casefold())
    words, tags, assignees, creators, statuses = (tuple(kinds[mark]) for mark in ("", "#", "@", "by:", "is:"))
    return TaskFilter(words, tags, assignees, creators, statuses)


def filtered(tasks: Iterable[Task], text: str) -> list[Task]:
    """Return the tasks that a line asks for, in their order."""
    wanted = filter_of(text)
    return [task for task in tasks if wanted.fits(task)]
