"""How a plan is drawn: a line for each task, and a heading with how far it is."""

from __future__ import annotations

from textual.content import Content

from cockpit.model.ages import MINUTE, span_text
from cockpit.model.plan.port import PlanStatus
from cockpit.model.plan.schedule import Planned, TaskState
from cockpit.model.plan.words import dispatcher_words, last_words, least_minutes, standing
from cockpit.text.clean import NOTHING, ours, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, content, cut, fit, pieces_width
from cockpit.ui.look.rows.names import fit_name
from cockpit.ui.look.states import StateStyle

BAR = 20
"""Cells of the progress bar."""

STYLES: dict[TaskState, StateStyle] = {
    TaskState.DONE: StateStyle(ours("✓"), ours("done"), "$agent-done"),
    TaskState.REVIEW: StateStyle(ours("◎"), ours("in review"), "$accent"),
    TaskState.WORKING: StateStyle(ours("●"), ours("at work"), "$agent-running"),
    TaskState.GIVING: StateStyle(ours("◌"), ours("handed over"), "$link-degraded"),
    TaskState.ASKING: StateStyle(ours("?"), ours("asking"), "bold $agent-asking"),
    TaskState.BLOCKED: StateStyle(ours("✗"), ours("blocked"), "$agent-failed"),
    TaskState.READY: StateStyle(ours("○"), ours("ready"), ""),
    TaskState.WAITING: StateStyle(ours("·"), ours("waits"), "$muted"),
    TaskState.STOPPED: StateStyle(ours("‖"), ours("stopped"), "$agent-paused"),
    TaskState.TAKEN: StateStyle(ours("☛"), ours("yours"), "bold"),
    TaskState.ELSEWHERE: StateStyle(ours("~"), ours("elsewhere"), "$muted"),
}


def planned_line(one: Planned, width: int) -> Content:
    """One line of a plan: where a task stands, what it is, who has it, why it goes no further."""
    look = STYLES[one.state]
    pieces: list[Piece] = [
        (our_line(" {} {:<11} ", look.glyph, look.word), look.style),
        (fit(clean_line(one.task.title), max(12, width * 2 // 5)), "$muted" if one.state is TaskState.DONE else ""),
        (our_line(" {} ", fit_name(clean_line(one.who or "-"), 14)), "$accent" if one.who else "$muted"),
    ]
    reason = "" if one.state is TaskState.DONE else one.reason
    pieces.append((cut(clean_line(reason), max(0, width - pieces_width(pieces))), "$muted"))
    return content(pieces)


def plan_heading(status: PlanStatus, place: int, count: int) -> Content:
    """Say how a plan stands, how far it is, and how long it takes at least, where its author said so of each task."""
    found, settings = status.outlook, status.plan.settings
    filled = BAR * found.done // max(1, len(found.tasks))
    bar = our_line("{}{}", repeated(ours("█"), filled), repeated(ours("░"), BAR - filled))
    stands = standing(status)
    word_style = {"held": "bold $agent-paused", "stands still": "bold $agent-asking", "runs": "bold $agent-running"}
    pieces: list[Piece] = [
        (clean_line(status.plan.name), "bold $accent"),
        (our_line("  {}", stands), word_style.get(stands, "bold")),
        (our_line("   {} ", bar), "$agent-done"),
        (our_line("{}/{}", found.done, len(found.tasks)), "bold"),
        (our_line("   {} of {} at work", found.at_work, settings.at_once), ""),
        (our_line(" · {} VMs may be made", settings.vms) if settings.vms else NOTHING, "$muted"),
        (ours(" and stay") if settings.vms and settings.keeps else NOTHING, "$muted"),
        (ours(", torn down when it is done") if settings.vms and not settings.keeps else NOTHING, "$muted"),
        (NOTHING if settings.review else ours(" · no review"), "$muted"),
        (our_line("   plan {} of {}", place + 1, count) if count > 1 else NOTHING, "$muted"),
    ]
    minutes = least_minutes(status)
    if minutes is not None:
        pieces.append((our_line("\nat least {} more, by its own minutes", span_text(minutes * MINUTE)), "$muted"))
    if words := dispatcher_words(status):
        pieces.append((our_line("\n{}", words), "$link-degraded" if status.trouble else "$muted"))
    pieces += [(our_line("\n{}", line), "$muted") for line in last_words(status.plan)]
    if status.plan.doubles:
        pieces.append((our_line("\n{} tasks stand there twice: nobody does them", len(status.plan.doubles)), "$muted"))
    return content(pieces)
