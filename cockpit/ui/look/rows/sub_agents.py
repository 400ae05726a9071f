"""Sub-agents as rows below their agent: their task, their kind, what they do, what they have used, and how long."""

from __future__ import annotations

from textual.content import Content

from cockpit.model.sub_agents import SubAgent, state_of
from cockpit.text.clean import NOTHING, ours, part, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import AGE_CELLS, Piece, age, content, count, cut, fit, pieces_width, width_of
from cockpit.ui.look.rows.agents import RIGHT, AgentLine
from cockpit.ui.look.rows.columns import Table
from cockpit.ui.look.states import style_of

USED_FROM = 30
"""Cells of what one does from which it is said what it has used."""


def row(line: AgentLine, now: float, table: Table) -> Content:
    """Return the first line of a sub-agent's row; what only agents have stays empty."""
    within = line.node.sub_agent
    assert within is not None
    look = style_of(state_of(within, line.vm, now))
    heard = within.task.heard_at
    pieces: list[Piece] = []
    for number, (name, cells) in enumerate(table.cells.items()):
        if number:
            pieces.append((repeated(ours(" "), table.gap), ""))
        match name:
            case "agent":
                guide = part(line.node.guide, max(0, len(line.node.guide) - cells // 3))
                called = fit(line.name, max(0, cells - width_of(guide) - 2))
                pieces += [(guide, "$faint"), (our_line("{} ", look.glyph), look.style), (called, "italic")]
            case "kind":
                pieces.append((fit(line.kind, cells), "$muted"))
            case "state":
                pieces.append((fit(look.word, cells), look.style))
            case "task":
                pieces.append((fit(our_line("  {}", within.task.sub_agent), cells), "$muted"))
            case "doing":
                pieces += doing_pieces(line, now, cells)
            case "age":
                pieces.append((fit(age(now - heard) if heard else ours("–"), cells, right=True), "$muted"))
            case _:
                pieces.append((fit(NOTHING, cells, right=name in RIGHT), ""))
    return content(pieces)


def doing_pieces(line: AgentLine, now: float, cells: int) -> list[Piece]:
    """Return what a sub-agent does, what it has used and since when it works, in exactly so many cells."""
    within = line.node.sub_agent
    assert within is not None
    tail = _used(within, now, cells)
    doing = fit(clean_line(within.task.doing) or ours("–"), max(0, cells - pieces_width(tail)))
    return [(doing, "$muted"), *tail]


def _used(within: SubAgent, now: float, cells: int) -> list[Piece]:
    if cells < USED_FROM:
        return []
    task = within.task
    used = our_line("  {} tok", count(task.tokens)) if task.tokens else NOTHING
    span = fit(age(now - task.since), AGE_CELLS + 1, right=True)
    return [(cut(used, cells), "$muted"), (span, "$muted")]
