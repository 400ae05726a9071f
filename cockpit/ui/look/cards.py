"""A task as a card: what is to be done, what was said last, who has it and since when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from textual.content import Content

from cockpit.model.board import TASK_STATUSES, Task
from cockpit.model.fleet import Fleet
from cockpit.model.row_doubts import Doubt, all_doubts
from cockpit.model.why import headline
from cockpit.text.clean import NOTHING, Clean, ours, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, age, content, cut, cut_at_words, fit, in_two_lines, pieces_width, width_of
from cockpit.ui.look.rows.names import cut_apart
from cockpit.ui.look.rows.tasks import doubt_words
from cockpit.ui.look.states import STATUS_STYLES, StateStyle, style_of

PRIORITIES = {"p0": "bold $agent-failed", "p1": "bold $agent-asking", "p2": "$muted"}
"""Tags that say how urgent a task is, by convention."""

_WORD = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class CardContext:
    """What a card shows besides its task."""

    now: float = 0.0
    who: Mapping[str, StateStyle] = field(default_factory=dict)
    """How each agent is, by its name."""
    doubts: Mapping[str, tuple[Doubt, ...]] = field(default_factory=dict)
    """What cards say that is not so, by the task's id."""
    waiting: Mapping[str, int] = field(default_factory=dict)
    """How many tasks a task waits for that are not done, by its id."""


def card_context(fleet: Fleet, now: float) -> CardContext:
    """Return what the cards of a fleet show besides their tasks."""
    vms = {vm.id: vm for vm in fleet.vms}
    who = {agent.name: style_of(headline(agent, vms.get(agent.vm_id), now)) for agent in fleet.agents}
    open_ids = {task.id for task in fleet.tasks if task.status != "done"}
    waiting = {
        str(task.id): number
        for task in fleet.tasks
        if task.dependencies and (number := sum(one in open_ids for one in set(task.dependencies)))
    }
    return CardContext(now, who, all_doubts(fleet, now), waiting)


def status_look(status: str) -> StateStyle:
    """Return how a column is shown, also one of a newer server."""
    known = STATUS_STYLES.get(status)
    if known is not None:
        return known
    return StateStyle(ours("·"), clean_line(status.replace("_", " ")) or ours("no status"), "$muted")


def lanes_of(statuses: set[str]) -> list[str]:
    """Return the columns there are, in their order: those of newer servers before what is done."""
    unknown = sorted(statuses - set(TASK_STATUSES))
    return [*TASK_STATUSES[:-1], *unknown, TASK_STATUSES[-1]]


def card_lines(task: Task, around: CardContext, width: int, height: int) -> list[Content]:
    """Draw a task as a card.

    Args:
        task: which.
        around: what else it shows.
        width: cells of each line.
        height: lines, 2 at least: the title, what was said last where there is room, who has it.
    """
    bar: Piece = (ours("▌"), status_look(task.status).style)
    inner = max(4, width - 3)
    # What is doubted stands above the rest of a title.
    title, rest = _titled(task, inner, whole=height - 2 <= len(around.doubts.get(task.id, ())[:1]))
    lines = [title, *_said(task, rest, around, inner, height - 2), _owned(task, around, inner)]
    return [content([bar, (ours(" "), ""), *pieces]) for pieces in lines[:height]]


def _titled(task: Task, width: int, *, whole: bool) -> tuple[list[Piece], Clean]:
    """Return the title with how urgent it is, and the words of it that stand in the next line.

    Args:
        whole: there is no next line.
    """
    urgent = next((tag for tag in task.tags if tag.lower() in PRIORITIES), "")
    chip = our_line(" {}", urgent) if urgent else NOTHING
    style = "$muted" if task.status == "done" else "bold"
    room, title, rest = width - width_of(chip), clean_line(task.title), NOTHING
    if not whole and width_of(title) > room:
        title, rest = in_two_lines(title, room, width)
    return [(fit(cut_at_words(title, room), room), style), (chip, PRIORITIES.get(urgent.lower(), ""))], rest


def _said(task: Task, rest: Clean, around: CardContext, width: int, lines: int) -> list[list[Piece]]:
    """What is most worth knowing of it: that it lies, the rest of its title, its newest note, its description."""
    if lines <= 0:
        return []
    found: list[list[Piece]] = [
        [(fit(our_line("! {}", doubt_words(doubt.kind, width - 2)), width), "$link-degraded")]
        for doubt in around.doubts.get(task.id, ())[:1]
    ]
    if rest:
        style = "$muted" if task.status == "done" else "bold"
        found.append([(fit(cut_at_words(rest, width), width), style)])
    note = task.notes[-1] if task.notes else None
    words = f"{note.author}: {note.content}" if note is not None and note.content.strip() else task.description
    told = clean_line(_WORD.sub(" ", words[:400]).strip())
    style = "$agent-asking" if note is not None and note.kind in ("question", "blocker") else "$muted"
    found.append([(fit(cut_at_words(told, width), width), style)])
    return found[:lines]


def _owned(task: Task, around: CardContext, width: int) -> list[Piece]:
    """Who has it and how that one is, since when nothing changed, what it waits for, its tags."""
    marks: list[Piece] = []
    if waiting := around.waiting.get(task.id):
        marks.append((our_line(" ◌{}", waiting), "$link-degraded"))
    if task.artifacts:
        marks.append((our_line(" ▪{}", len(task.artifacts)), "$muted"))
    if task.score:
        marks.append((our_line(" ▲{}", task.score), "$muted"))
    if task.notes:
        marks.append((our_line(" ✎{}", len(task.notes)), "$muted"))
    since = our_line(" {}", age(around.now - task.updated_at)) if task.updated_at else NOTHING
    left: list[Piece] = []
    room = width - pieces_width(marks)
    if task.assignee:
        look = around.who.get(task.assignee)
        glyph = look.glyph if look is not None else ours("·")
        name = cut_apart(clean_line(task.assignee), map(clean_line, around.who), max(4, room - 2 - width_of(since)))
        left += [(our_line("{} ", glyph), look.style if look is not None else "$muted"), (name, "$accent")]
    else:
        left.append((ours("nobody"), "$muted"))
    left.append((since, "$muted"))
    tags = [clean_line(f"#{tag}") for tag in task.tags if tag.lower() not in PRIORITIES]
    for tag in tags:
        if pieces_width(left) + width_of(tag) + 1 > room:
            break
        left.append((our_line(" {}", tag), "$mode-prompt"))
    gap = repeated(ours(" "), max(0, room - pieces_width(left)))
    return [*left, (gap, ""), *marks]


def heading(status: str, number: int, of: int, width: int, *, chosen: bool, above: int = 0) -> Content:
    """Name a column with its count; `of` is how many there are without the filter, `above` those scrolled over."""
    look = status_look(status)
    count = our_line(" {}", number) if number == of else our_line(" {}/{}", number, of)
    over = our_line(" ▴{}", above) if above else NOTHING
    word = cut(clean_line(look.word.upper()), max(3, width - 3 - width_of(count) - width_of(over)))
    pieces: list[Piece] = [
        (our_line(" {} ", look.glyph), look.style),
        (word, "bold $accent" if chosen else "bold"),
        (count, "$muted"),
    ]
    gap = width - pieces_width(pieces) - width_of(over)
    return content([*pieces, (repeated(ours(" "), max(0, gap)), ""), (over, "$muted")])


def rule(status: str, width: int, *, chosen: bool) -> Content:
    """The line below a column's name."""
    return content([(repeated(ours("━") if chosen else ours("─"), width), "$accent" if chosen else "$rule")])


def hidden_lanes(before: list[tuple[str, int]], after: list[tuple[str, int]], width: int) -> Content:
    """Name the columns that have no room, with their counts, on the side where they are."""
    left: list[Piece] = [(ours(" ◂"), "bold $accent")] if before else []
    right: list[Piece] = []
    for pieces, lanes in ((left, before), (right, after)):
        for status, number in lanes:
            look = status_look(status)
            pieces += [(our_line(" {} ", look.glyph), look.style), (our_line("{} {} ", look.word, number), "$muted")]
    if after:
        right.append((ours("▸ "), "bold $accent"))
    gap = width - pieces_width(left) - pieces_width(right)
    return content([*left, (repeated(ours(" "), max(1, gap)), ""), *right])


def taught(words: Clean, width: int) -> Content:
    """A word in place of cards."""
    return content([(ours("  "), ""), (cut(words, max(0, width - 2)), "$muted")])
