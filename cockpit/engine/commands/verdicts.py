"""Whether a task shows that an act upon it was done, whatever the answer said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.model.board import OPERATOR, Task
from cockpit.model.commands.board import AddArtifacts, ApproveTask, BumpTask, NoteTask, RejectTask, SubmitTask
from cockpit.model.ids import TaskId

Value = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Parts of a task get other values."""

    task: TaskId
    values: tuple[tuple[str, Value], ...]
    """By the name of the part."""
    what: str = "change"
    """The word for it."""


Visible = Change | NoteTask | BumpTask | SubmitTask | ApproveTask | RejectTask | AddArtifacts
"""Acts after which the task is still there and looks otherwise."""


def lacking(act: Visible, task: Task, before: Task | None) -> str:
    """Say what a task does not show of an act; empty text if it shows all of it.

    Args:
        act: what was to be done.
        task: as it is now.
        before: as it was before, if that is known.
    """
    match act:
        case Change(values=values):
            return next((said for part, wanted in values if (said := _other(task, part, wanted))), "")
        case NoteTask(content=content):
            return "" if _noted(task, before, content) else "the board shows no such note"
        case BumpTask():
            return "" if task.score > (before.score if before else 0) else f"the board shows its score as {task.score}"
        case SubmitTask(summary=summary, artifacts=artifacts):
            shown = _moved(task, "in_review") or ("" if _noted(task, before, summary) else "the board shows no summary")
            return shown or _missing_artifacts(artifacts, task, before)
        case ApproveTask(comment=comment):
            said = f"Approved by {OPERATOR}: {comment.strip()}" if comment.strip() else f"Approved by {OPERATOR}"
            return _moved(task, "done") or ("" if _noted(task, before, said) else "the board shows no such approval")
        case RejectTask(reason=reason):
            said = f"Rejected by {OPERATOR}: {reason.strip()}"
            return _moved(task, "open") or ("" if _noted(task, before, said) else "the board shows no such rejection")
        case AddArtifacts(artifacts=artifacts):
            return _missing_artifacts(artifacts, task, before)


def _other(task: Task, part: str, wanted: Value) -> str:
    """Say how a part of a task is, if it is not as wanted."""
    shown: Value = getattr(task, part)
    if isinstance(wanted, str) and isinstance(shown, str) and shown.strip() == wanted.strip():
        return ""
    if shown == wanted:
        return ""
    if part == "status":
        return f"the board shows it as {task.status}"
    if part == "assignee":
        return f"the board shows it as assigned to {task.assignee or 'nobody'}"
    words = ", ".join(shown) if isinstance(shown, tuple) else shown[:80]
    return f"the board shows its {part} as {words or 'empty'}"


def _moved(task: Task, status: str) -> str:
    return "" if task.status == status else f"the board shows it as {task.status}"


def _noted(task: Task, before: Task | None, content: str) -> bool:
    def count(one: Task | None) -> int:
        notes = one.notes if one is not None else ()
        return sum((note.author, note.content.strip()) == (OPERATOR, content.strip()) for note in notes)

    return count(task) > count(before)


def _missing_artifacts(wanted: Sequence[tuple[str, str, str]], task: Task, before: Task | None) -> str:
    def of(artifacts: Sequence[tuple[str, str, str]]) -> Counter[tuple[str, ...]]:
        return Counter(tuple(part.strip() for part in artifact) for artifact in artifacts)

    added = of(task.artifacts) - of(before.artifacts if before is not None else ())
    missing = of(wanted) - added
    if not missing:
        return ""
    there = len(wanted) - missing.total()
    labels = ", ".join(label for _, label, _ in missing)
    return f"the board shows {there} of {len(wanted)} artifacts: {labels} is not there"
