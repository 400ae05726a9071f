"""Tasks as rows: a heading over those of one status, a line each, and what is said that is not so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.content import Content

from cockpit.model.board import TASK_STATUSES, Task
from cockpit.model.row_doubts import Doubt, DoubtKind, counts
from cockpit.text.clean import NOTHING, Clean, ours, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import AGE_CELLS, Piece, age, content, cut, fit, pieces_width, width_of
from cockpit.ui.look.rows.names import fit_apart
from cockpit.ui.look.states import STATUS_STYLES

LEAST_WHO = 4
"""Cells of the column of who has a task, whoever has one."""

DOUBT_WORDS: Mapping[DoubtKind, tuple[Clean, ...]] = {
    DoubtKind.GONE: (ours("assignee gone"),),
    DoubtKind.IDLE: (ours("agent idle although its task runs"), ours("its agent is idle"), ours("agent idle")),
    DoubtKind.PAUSED: (ours("agent paused although its task runs"), ours("its agent is paused"), ours("agent paused")),
    DoubtKind.UNCLAIMED: (ours("in progress and nobody's"), ours("nobody works on it"), ours("nobody's")),
    DoubtKind.UNEXPLAINED: (ours("blocked without a blocker note"), ours("no note says why"), ours("no blocker")),
    DoubtKind.DEPENDENCY: (ours("dependency open"),),
}
"""What is wrong with a row, in ever fewer words."""


def doubt_words(kind: DoubtKind, width: int) -> Clean:
    """Say what is wrong with a row in as many words as fit in a width in cells, the shortest ones else."""
    said = DOUBT_WORDS[kind]
    return next((words for words in said if width_of(words) <= width), said[-1])


def tasks_in_order(tasks: Iterable[Task]) -> list[tuple[str, list[Task]]]:
    """Group tasks by status in board order: what moves first, what is done last, unknown words before `done`."""
    groups: dict[str, list[Task]] = {}
    for task in tasks:
        groups.setdefault(task.status, []).append(task)
    order = ["in_progress", "in_review", "blocked", "open"]
    unknown = sorted(status for status in groups if status not in TASK_STATUSES)
    return [
        (status, sorted(groups[status], key=lambda task: (-task.score, -task.updated_at, task.id)))
        for status in [*order, *unknown, "done"]
        if status in groups
    ]


def status_heading(status: str, number: int, width: int) -> Content:
    """The heading over the tasks of one status."""
    look = STATUS_STYLES.get(status)
    word = look.word if look else clean_line(status)
    style = look.style if look else "$muted"
    label = our_line(" {} ", number)
    rule = repeated(ours("─"), width - width_of(word) - width_of(label))
    return content([(cut(word, width - 4), f"bold {style}"), (label, "$muted"), (rule, "$rule")])


def task_row(task: Task, now: float, width: int, *, doubted: bool = False, names: tuple[Clean, ...] = ()) -> Content:
    """One line of the board: glyph, title, who has it, notes, age; a mark where it says what is not so.

    Args:
        doubted: whether it has that mark.
        names: of those who may have tasks, so that none looks like another.
    """
    look = STATUS_STYLES.get(task.status)
    glyph, style = (look.glyph, look.style) if look else ("·", "$muted")
    who_cells = 8 if width < 28 else 10 if width < 60 else 20
    if names:  # What the longest name leaves is the title's.
        who_cells = min(who_cells, max(LEAST_WHO, *map(width_of, names)))
    note_cells = 4 if width >= 40 else 0
    title_cells = max(8, width - 2 - who_cells - note_cells - AGE_CELLS - 1)
    quiet = "$muted" if task.status == "done" else ""
    notes = our_line("✎{}", len(task.notes)) if task.notes else NOTHING
    assignee = clean_line(task.assignee) or ours("–")
    pieces: list[Piece] = [
        (our_line("{} ", glyph), style),
        (fit(clean_line(task.title), title_cells), quiet),
        (ours("!") if doubted else ours(" "), "$link-degraded" if doubted else ""),
        (fit_apart(assignee, names, who_cells), "$accent" if task.assignee else "$faint"),
    ]
    if note_cells:
        pieces.append((fit(notes, note_cells), "$muted"))
    pieces.append((fit(age(now - task.updated_at) if task.updated_at else ours("–"), AGE_CELLS, right=True), "$muted"))
    return content(pieces)


def doubts_note(doubted: Mapping[str, tuple[Doubt, ...]], width: int = 0) -> list[Piece]:
    """Count what the rows of the board say that is not so, by kind, in words that fit if there are such.

    Args:
        doubted: by the task's id.
        width: cells there are; 0 for as many as it takes.
    """
    found = counts(doubted.values())
    longest = max((len(DOUBT_WORDS[kind]) for kind in found), default=0)
    for brief in range(longest):
        words = [
            our_line("! {}: {}", DOUBT_WORDS[kind][min(brief, len(DOUBT_WORDS[kind]) - 1)], number)
            for kind, number in found.items()
        ]
        said = [(word if place == 0 else our_line("  {}", word), "$link-degraded") for place, word in enumerate(words)]
        if not width or pieces_width(said) <= width:
            break
    return said if found else []
