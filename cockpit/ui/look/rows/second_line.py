"""Below the first line of an agent's row, where there is room: what it does and says now, and a hair rule."""

from __future__ import annotations

from textual.content import Content

from cockpit.model.fleet import ActivityState
from cockpit.text.clean import Clean, joined, ours, part, repeated
from cockpit.text.sanitize import our_line
from cockpit.ui.look.cells import Piece, content, fit, pieces_width, width_of
from cockpit.ui.look.rows import agents, sub_agents
from cockpit.ui.look.rows.agents import AgentLine
from cockpit.ui.look.rows.columns import Table
from cockpit.ui.look.rows.doing import doing_pieces
from cockpit.ui.look.signs import amiss_words
from cockpit.ui.look.tree import TreeNode

SAYS_FROM = 100
"""Cells from which what an agent said last stands beside what it does."""
DOING_LEAST, DOING_MOST = 40, 72
"""Cells of what it does, where it is so."""

BUSY = (ActivityState.WORKING, ActivityState.ASKING, ActivityState.RETRYING, ActivityState.ERROR)
"""What an agent does then is no repetition of its last words."""

TIMED = (ActivityState.WORKING, ActivityState.RETRYING)
"""Since when it is at it is another time than that of its last sign of life, which stands in the line above."""


def agent_lines(row: AgentLine, now: float, *, table: Table, width: int, height: int, ruled: bool) -> list[Content]:
    """Return the lines of a row: who and where; what it says now; and, `ruled`, what parts it from the next one."""
    lines = [agents.agent_row(row, now, table) if row.node.sub_agent is None else sub_agents.row(row, now, table)]
    if height > 1:
        told = _told_pieces if row.node.sub_agent is None else _within_pieces
        lines.append(content(told(row, now, table, width)))
    if ruled:
        lead = _lead(row.node, table.width("agent"))
        lines.append(content([(lead, "$faint"), (repeated(ours("─"), width - width_of(lead)), "$rule")]))
    return lines


def _lead(node: TreeNode, cells: int) -> Clean:
    """Return the lines of the tree that go on below an agent, as far as its name."""
    guide = part(node.guide, max(0, len(node.guide) - cells // 3))
    if len(guide) > 1:
        guide = joined((part(guide, 0, len(guide) - 2), ours("│ ") if guide.endswith("├ ") else ours("  ")))
    return joined((guide, ours("│ ") if node.leads else ours("  ")))


def _within_pieces(row: AgentLine, now: float, table: Table, width: int) -> list[Piece]:
    lead = _lead(row.node, table.width("agent"))
    return [(lead, "$faint"), *sub_agents.doing_pieces(row, now, max(0, width - width_of(lead)))]


def _told_pieces(row: AgentLine, now: float, table: Table, width: int) -> list[Piece]:
    agent = row.node.agent
    lead = _lead(row.node, table.width("agent"))
    room = max(0, width - width_of(lead))
    beside = room >= SAYS_FROM and bool(agent.last_text) and agent.activity.state in BUSY
    cells = max(DOING_LEAST, min(DOING_MOST, room * 2 // 5)) if beside else room
    amiss = amiss_words(agent.id, row.attributes)
    pieces: list[Piece] = [(lead, "$faint")]
    busy = bool(agent.activity.tools) or agent.activity.state in TIMED
    pieces += doing_pieces(agent, row.forwards, now, cells, amiss=amiss, told=beside, timed=busy)
    if beside:
        left = room - cells - 2
        pieces += [(ours("  "), ""), (fit(our_line("“{}”", agent.last_text), left), "$muted")]
    return [*pieces, (repeated(ours(" "), width - pieces_width(pieces)), "")]
