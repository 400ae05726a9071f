"""Which blockers were told to the feed alone: a blocker belongs on its task, where whoever looks at it finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

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
    told_by: dict[int, int] = {}
    """For each note that tells a blocker, by its place, which one."""
    worded = [_those_of(event, free, _tells) for event in events]
    timed = [_those_of(event, free, _is_near) for event in events]
    for number in range(len(events)):
        _find_note(number, worded, told_by, set())
    either = [words + [note for note in near if note not in words] for words, near in zip(worded, timed, strict=True)]
    for number in set(range(len(events))) - set(told_by.values()):
        _find_note(number, either, told_by, set())
    told = set(told_by.values())
    return [event for number, event in enumerate(events) if number not in told and event.agent != OPERATOR]


def _those_of(event: FeedItem, notes: Sequence[Note], fits: Callable[[Note, FeedItem], bool]) -> list[int]:
    """Return the places of the notes of an event's agent that may tell of it, the nearest in time first."""
    fitting = [at for at, note in enumerate(notes) if note.author == event.agent and fits(note, event)]
    return sorted(fitting, key=lambda at: abs(notes[at].created_at - event.at))


def _find_note(number: int, fitting: Sequence[Sequence[int]], told_by: dict[int, int], asked: set[int]) -> bool:
    """Find a note for a blocker; who has it already gets another, where there is one.

    Else a note that is written for what is missing would be taken for another blocker, and be missing again.
    """
    for note in fitting[number]:
        if note in asked:
            continue
        asked.add(note)
        if note not in told_by or _find_note(told_by[note], fitting, told_by, asked):
            told_by[note] = number
            return True
    return False


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


def _is_near(note: Note, event: FeedItem) -> bool:
    return event.agent != OPERATOR and abs(note.created_at - event.at) <= WINDOW
