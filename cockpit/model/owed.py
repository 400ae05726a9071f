"""What the operator owes the swarm: questions and blockers on the board and in the feed that nobody answered.

Board and feed alone say whether one is answered, so that every cockpit sees the same: a later note on the task that
names it or that a person in charge wrote, an event that answers it, or a task that is done.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cockpit.model.board import OPERATOR, FeedItem, Note, Task

if TYPE_CHECKING:
    from cockpit.model.ids import TaskId

SAME_MATTER = 600.0
"""Seconds between a note and an event of the same words that are one matter: agents are told to write both."""

TEXT_LIMIT = 8_000
"""Characters of a question that are kept."""

MOST_OWED = 500
"""So many are told at once, the newest ones: a swarm gone wild fills no memory."""


class OwedKind(StrEnum):
    """What is asked of the operator."""

    QUESTION = "question"
    BLOCKER = "blocker"


_NAMEABLE = re.compile(r"[A-Za-z0-9_.-]{1,100}")

_NOTES = {"question": OwedKind.QUESTION, "blocker": OwedKind.BLOCKER}
_EVENTS = {"question": OwedKind.QUESTION, "blocker_found": OwedKind.BLOCKER}

TELLING = frozenset({*_EVENTS, "task_completed"})
"""The kinds of events that tell whether something is owed, beside those that answer one."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A question or a blocker that waits for an answer."""

    key: str
    """`note:TASK:NOTE` or `event:EVENT`."""
    kind: OwedKind
    asker: str
    """The name under which it was asked."""
    text: str
    at: float
    """Unix seconds."""
    task: TaskId | None = None
    title: str = ""
    """The title of the task, where it is about one."""
    lost: bool = False
    """Neither board nor feed has it any more; it is remembered here."""
    draft: str = ""
    """An answer that the operator wrote, of which it is not known that it went out."""

    @property
    def reference(self) -> str:
        """The id by which an answer names it."""
        return self.key.rpartition(":")[2]


def note_key(task: Task, note: Note) -> str:
    """Return the key of a note; one that has no id which can be named is known by what it says."""
    if _NAMEABLE.fullmatch(note.id):
        return f"note:{task.id}:{note.id}"
    digest = hashlib.sha256(f"{note.author}\0{note.content}\0{note.created_at}".encode(errors="replace"))
    return f"note:{task.id}:{digest.hexdigest()[:20]}"


def answers_in(text: str) -> frozenset[str]:
    """Return the ids that a note names as those it answers: each as `[re ID]`."""
    return frozenset(re.findall(r"\[re ([^\s\[\]]{1,200})\]", text))


def mark(reference: str) -> str:
    """Return what a note carries that answers something, for every cockpit to see."""
    return f"[re {reference}]"


def owed_by_operator(tasks: Iterable[Task], feed: Sequence[FeedItem]) -> tuple[Owed, ...]:
    """Return what waits for an answer, the oldest first.

    Args:
        tasks: of all boards.
        feed: what is known of the feed, the oldest first.
    """
    known = {task.id: task for task in tasks}
    found = [owed for task in known.values() for owed in _on_task(task)]
    found.extend(_in_feed(feed, known))
    return tuple(sorted(found, key=lambda owed: (owed.at, owed.key))[-MOST_OWED:])


def _on_task(task: Task) -> Iterator[Owed]:
    if task.status == "done":
        return
    for at, note in enumerate(task.notes):
        kind = _NOTES.get(note.kind)
        if kind is None or not note.content.strip():
            continue
        key = note_key(task, note)
        reference = key.rpartition(":")[2]
        if not any(_is_answer(later, note.author, reference) for later in task.notes[at + 1 :]):
            yield Owed(key, kind, note.author, note.content[:TEXT_LIMIT], note.created_at, task.id, task.title)


def _is_answer(later: Note, asker: str, reference: str) -> bool:
    """Say whether a later note of the same task answers one."""
    named = answers_in(later.content)
    if named:
        return reference in named
    return later.author != asker and is_in_charge(later.author) and later.kind not in _NOTES


def is_in_charge(author: str) -> bool:
    """Say whether an author answers questions: the operator, or a coordinator."""
    return author == OPERATOR or author == "coordinator" or author.startswith("coordinator-")


def _in_feed(feed: Sequence[FeedItem], tasks: dict[TaskId, Task]) -> Iterator[Owed]:
    answered = {item.answers for item in feed if item.answers}
    for task in tasks.values():
        for note in task.notes:
            answered |= answers_in(note.content)
    noted = [(task.id, note) for task in tasks.values() for note in task.notes if note.kind in _NOTES]
    for at, item in enumerate(feed):
        kind = _EVENTS.get(item.kind)
        if kind is None or item.id in answered:
            continue
        about = tasks.get(item.task) if item.task is not None else None
        if about is not None and about.status == "done":
            continue
        if any(_is_noted(item, task_id, note) for task_id, note in noted) or _is_over(item, feed[at + 1 :]):
            continue
        text = item.summary if item.words in item.summary else f"{item.summary}\n\n{item.words}"
        title = about.title if about is not None else ""
        yield Owed(f"event:{item.id}", kind, item.agent, text[:TEXT_LIMIT], item.at, item.task, title)


def _is_noted(item: FeedItem, task: TaskId, note: Note) -> bool:
    """Say whether a note on the board is the same matter as an event: then the note is what is to be answered."""
    if note.author != item.agent or _NOTES[note.kind] is not _EVENTS[item.kind] or item.task not in (None, task):
        return False
    said, written = _words(item.summary), _words(note.content)
    return abs(note.created_at - item.at) <= SAME_MATTER and bool(said) and (said in written or written in said)


def _words(text: str) -> str:
    return " ".join(text.split()).casefold()


def _is_over(item: FeedItem, later: Iterable[FeedItem]) -> bool:
    """Say whether whoever asked finished that task, or any if none was named, since then."""
    return any(
        other.agent == item.agent and other.kind == "task_completed" and item.task in (None, other.task)
        for other in later
    )
