"""The first line of an agent's screen: the way to it, how it is, and what it has used; the least is left out first."""

from __future__ import annotations

from textual.content import Content

from cockpit.model.fleet import Agent, LinkState, Power, Vm
from cockpit.model.why import headline
from cockpit.text.clean import NOTHING, Clean, joined, ours, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, age, content, cut, pieces_width
from cockpit.ui.look.changes import workspace_pieces
from cockpit.ui.look.states import POWER_STYLES, link_look, style_of

GAUGE = 5
"""Cells of the gauge of the context."""
FULL = 0.8
"""The part of the context that is used from which it is said in a warning colour."""
STATE_CELLS = 28
"""Cells that the words of the state may take."""


def state_pieces(agent: Agent, vm: Vm | None, now: float) -> list[Piece]:
    """Say how an agent is, with its tool, and since when."""
    look = style_of(headline(agent, vm, now))
    pieces: list[Piece] = [(our_line("{} {}", look.glyph, cut(look.word, STATE_CELLS)), look.style)]
    if since := agent.activity.since:
        pieces.append((our_line(" {}", age(now - since)), "$muted"))
    return pieces


def gauge_pieces(agent: Agent) -> list[Piece]:
    """Say how full the context is; nothing where that is not known."""
    if not agent.context_window:
        return []
    part = min(1.0, agent.context_tokens / agent.context_window)
    filled = round(part * GAUGE)
    style = "$agent-asking" if part >= FULL else "$muted"
    bar = joined((repeated(ours("▄"), filled), repeated(ours("░"), GAUGE - filled)))
    return [(ours("ctx "), "$muted"), (bar, style), (our_line(" {}%", round(100 * part)), style)]


def fact_groups(agent: Agent, vm: Vm | None) -> list[list[Piece]]:
    """Return what else is said of an agent, group by group, what counts most first."""
    groups = []
    if vm is not None and vm.power is not Power.RUNNING:
        look = POWER_STYLES[vm.power]
        groups.append([(our_line("{} {} {}", vm.host or "VM", look.glyph, look.word), look.style)])
    if agent.link.state is not LinkState.UP:
        look = link_look(agent.link)
        groups.append([(our_line("link {} {}", look.glyph, look.word), look.style)])
    groups.append(gauge_pieces(agent))
    if agent.usage.tokens:
        groups.append([(our_line("${:.2f}", agent.usage.cost), "$muted")])
    if agent.model:
        thinking = f" · {agent.thinking}" if agent.thinking else ""
        groups.append([(clean_line(agent.model + thinking), "$muted")])
    if agent.permission_mode:
        groups.append([(our_line("mode {}", agent.permission_mode), "$muted")])
    if agent.program == "scripted":
        groups.append([(ours("scripted agent"), "$link-degraded")])
    if agent.guessed:
        groups.append([(ours("state guessed"), "$link-degraded")])
    known = agent.workspace
    if known is not None and known.repository:
        branch = workspace_pieces(known.branch, known.ahead, known.behind, known.midst)
        groups.append([(clean_line(known.repository), "$muted"), *branch])
    if vm is not None and vm.power is Power.RUNNING and agent.link.state is LinkState.UP:
        groups.append([(our_line("{} ● link ⇄", vm.host or "VM"), "$muted")])
    return [group for group in groups if group]


def heading(way: list[Piece], agent: Agent | None, vm: Vm | None, now: float, width: int) -> Content:
    """Return the line for a width in cells; `agent` is None once it is gone."""
    if agent is None:
        return content([*way, (ours("   ✗ gone"), "bold $agent-failed")])
    left = [*way, (ours("   "), ""), *state_pieces(agent, vm, now)]
    right: list[Piece] = []
    for group in fact_groups(agent, vm):
        if pieces_width([*left, *right, *group]) + 4 <= width:
            right = [*right, *group, (ours("   "), "")]
    gap = width - pieces_width(left) - pieces_width(right)
    return content([*left, (repeated(ours(" "), max(0, gap)), ""), *right])


def counted_mark(number: int) -> Clean:
    """Return a number as a small mark behind a word, nothing for none."""
    return clean_line(str(number).translate(SMALL)) if number else NOTHING


SMALL = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
