"""Which blockers were told to the feed alone: a blocker belongs on its task, where whoever looks at it finds it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.model.board import OPERATOR, FeedItem, Note, Task
from cockpit.model.ids import TaskId

BLOCKER_FOUND = "blocker_found"

WINDOW = 120.0
"""Seconds between an event and the note about the same blocker, where their words differ."""


def task_of(event: FeedItem, tasks: Iterable[Task]) -> TaskId | None:
    """Return the task an event is about: the one it names, else its agent's only one; None if that is unclear."""
    if event.task:
        return event.task
    begun = [task.id for task in tasks if task.assignee == event.agent and task.status in ("in_progress", "blocked")]
    return begun[0] if len(begun) == 1 else None


def unnoted(events: Sequence[FeedItem], notes: Sequence[Note]) -> list[FeedItem]:
    """Return the blockers of one task that no note of it tells, in their order; a note tells one blocker.

    Args:
        events: the blockers told about the task.
        notes: the task's.
    """
    free = [note for note in notes if note.kind == "blocker"]
    left: list[FeedItem] = []
    for event in events:
        said = next((note for note in free if note.author == event.agent and _tells(note, event)), None)
        if said is not None:
            free.remove(said)
        elif event.agent != OPERATOR:
            left.append(event)
    missing: list[FeedItem] = []
    for event in left:
        near = [note for note in free if note.author == event.agent and abs(note.created_at - event.at) <= WINDOW]
        if near:
            free.remove(min(near, key=lambda note: abs(note.created_at - event.at)))
        else:
            missing.append(event)
    return missing


def note_of(event: FeedItem) -> str:
    """Return the text of the note that an event lacks: its summary, and its detail where that says more."""
    summary, detail = event.summary.strip(), event.detail.strip()
    # Without a detail, an event's metadata stands in its place.
    if not detail or detail.startswith("{") or detail == summary:
        return summary
    return detail if detail.startswith(summary) else f"{summary}\n\n{detail}"


def _tells(note: Note, event: FeedItem) -> bool:
    said, summary = " ".join(note.content.split()), " ".join(event.summary.split())
    return bool(summary) and summary in said
