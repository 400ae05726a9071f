"""The column beside what is said: the agent's own plan, else its tasks; the files it changed; what waits in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from cockpit.model.board import Task
from cockpit.model.changes.report import Changes
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.queue import QueueKind, Waiting
from cockpit.model.todo import PlannedStep, StepState
from cockpit.text.clean import Clean, ours, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, content, cut, fit, width_of
from cockpit.ui.look.changes import ADDED, REMOVED, STATUS_STYLES
from cockpit.ui.look.states import MODE_STYLES, Mode
from cockpit.ui.look.states import STATUS_STYLES as TASK_STYLES

STEP_STYLES = {
    StepState.DONE: (ours("✓ "), "$agent-done", "$muted"),
    StepState.NOW: (ours("● "), "$agent-running", "bold"),
    StepState.OPEN: (ours("○ "), "$agent-idle", ""),
}

Line = list[Piece]


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands in the column."""

    steps: tuple[PlannedStep, ...] = ()
    tasks: tuple[Task, ...] = ()
    changes: Changes | None = None
    """None while nobody looked, or could."""
    waiting: tuple[Waiting, ...] = ()


def tasks_of(agent: Agent, fleet: Fleet) -> tuple[Task, ...]:
    """Return the tasks that an agent has and that are not done, the latest change first."""
    mine = [task for task in fleet.tasks if task.assignee == agent.name and task.status != "done"]
    return tuple(sorted(mine, key=lambda task: -task.updated_at))


def side_content(beside: Beside, width: int, height: int) -> Content:
    """Return the column for a size in cells; where it is too low each part says how much more it has."""
    parts = [part for part in (_plan(beside, width), _files(beside, width), _queue(beside, width)) if part]
    if not parts:
        return content([])
    shares = _shares([len(part) for part in parts], max(0, height - len(parts) + 1))
    lines: list[Line] = []
    for part, share in zip(parts, shares, strict=True):
        if lines:
            lines.append([])
        if share < len(part):
            more = len(part) - share + 1
            part = [*part[: max(0, share - 1)], [(our_line("  … {} more", more), "$muted")]]
        lines += part[:share] if share else []
    return content([(ours("\n"), "")]).join([content(line) for line in lines])


def _shares(wanted: Sequence[int], room: int) -> list[int]:
    """Give each part the lines it wants; where that is too much, the largest go without until it fits."""
    shares = list(wanted)
    while sum(shares) > room and any(shares):
        shares[shares.index(max(shares))] -= 1
    return shares


def _title(words: Clean, note: Clean, width: int) -> Line:
    room = max(0, width - width_of(words) - 1)
    return [(words, "bold $muted"), (fit(note, room, right=True), "$muted")]


def _plan(beside: Beside, width: int) -> list[Line]:
    if beside.steps:
        done = sum(step.state is StepState.DONE for step in beside.steps)
        lines = [_title(ours("PLAN"), our_line("{}/{}", done, len(beside.steps)), width)]
        for step in beside.steps:
            glyph, colour, style = STEP_STYLES[step.state]
            lines.append([(glyph, colour), (cut(clean_line(step.text), max(0, width - 2)), style)])
        return lines
    if not beside.tasks:
        return []
    lines = [_title(ours("TASKS"), our_line("{}", len(beside.tasks)), width)]
    for task in beside.tasks:
        look = TASK_STYLES.get(task.status)
        glyph = our_line("{} ", look.glyph) if look else ours("· ")
        lines.append([(glyph, look.style if look else ""), (cut(clean_line(task.title), max(0, width - 2)), "")])
    return lines


def _files(beside: Beside, width: int) -> list[Line]:
    files = [file for one in beside.changes.repositories for file in one.files] if beside.changes is not None else []
    if not files:
        return []
    lines = [_title(ours("CHANGED"), our_line("{}", len(files)), width)]
    for file in files:
        added = our_line(" +{}", file.added) if file.added else ours("")
        removed = our_line(" −{}", file.removed) if file.removed else ours("")
        room = max(4, width - 2 - width_of(added) - width_of(removed))
        name = tail_cut(clean_line(file.new), room)
        gap = repeated(ours(" "), room - width_of(name))
        lines.append(
            [
                (our_line("{} ", file.status), STATUS_STYLES.get(file.status, "$muted")),
                (name, ""),
                (gap, ""),
                (added, ADDED),
                (removed, REMOVED),
            ]
        )
    return lines


def _queue(beside: Beside, width: int) -> list[Line]:
    if not beside.waiting:
        return []
    lines = [_title(ours("QUEUE"), our_line("{}", len(beside.waiting)), width)]
    for one in beside.waiting:
        look = MODE_STYLES[Mode.STEER if one.kind is QueueKind.STEER else Mode.FOLLOW_UP]
        lines.append([(our_line("{} ", look.glyph), look.style), (cut(clean_line(one.text), max(0, width - 2)), "")])
    return lines


def tail_cut(name: Clean, width: int) -> Clean:
    """Shorten a path to a width from its front: its end tells it from others."""
    if width_of(name) <= width:
        return name
    kept = name
    while kept and width_of(kept) > width - 1:
        kept = clean_line(kept[1:])
    return our_line("…{}", kept)
