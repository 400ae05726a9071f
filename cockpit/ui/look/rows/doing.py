"""What an agent is at, in one column: trouble of its link, then its tool, question or last words, and since when."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.fleet import ActivityState, Agent, LinkState, ProcessState
from cockpit.model.ports import PortForward
from cockpit.model.provider_words import said_in
from cockpit.model.scaffold import scaffold_word
from cockpit.model.usage.causes import until_word
from cockpit.model.why import warnings_in
from cockpit.text.clean import NOTHING, Clean, joined, ours, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import AGE_CELLS, Piece, age, cut, pieces_width, width_of
from cockpit.ui.look.forwards import forwarded_ports
from cockpit.ui.look.rows.queues import queue_words
from cockpit.ui.look.states import KEY_CHANGED, link_look

SINCE_FROM = 22
"""Cells from which it is said since when."""

NORMAL = (LinkState.UP, LinkState.PAUSED)
"""Links that are as they should be: of a paused VM nothing is heard."""


def doing_pieces(
    agent: Agent,
    forwards: Sequence[PortForward],
    now: float,
    cells: int,
    *,
    amiss: Clean = NOTHING,
    told: bool = False,
    timed: bool = True,
    role: bool = True,
) -> list[Piece]:
    """Return what an agent is at, in exactly so many cells.

    Args:
        amiss: what came between, of an act on several agents; it stands first.
        told: what the agent said last stands in a column of its own.
        timed: it is said since when, where there is room.
        role: what it is for is said where there is nothing else; it may stand beside already.
    """
    since = _since(agent)
    span = age(now - since) if timed and since is not None and cells >= SINCE_FROM else NOTHING
    room = cells - (AGE_CELLS + 1 if span else 0)
    pieces: list[Piece] = [(our_line("{}  ", amiss), "$agent-failed")] if amiss else []
    if trouble := link_words(agent, now):
        pieces.append((our_line("{}  ", trouble), link_look(agent.link).style))
    if warned := warning_word(agent):
        pieces.append((our_line("{}  ", warned), "$link-degraded"))
    if ports := forwarded_ports(forwards):
        pieces.append((our_line("{}  ", ports), "$muted"))
    if queued := queue_words(agent):
        pieces.append((our_line("{}  ", queued), "$mode-follow-up"))
    pieces += _act(agent, told=told, role=role)
    shown: list[Piece] = []
    for text, style in pieces:
        left = room - pieces_width(shown)
        if left > 0:
            shown.append((cut(text, left), style))
    blank = cells - pieces_width(shown) - width_of(span)
    return [*shown, (repeated(ours(" "), blank), ""), (span, "$muted")]


def link_words(agent: Agent, now: float) -> Clean:
    """Say what is wrong with our connection to an agent, and for how long; nothing where nothing is."""
    state = agent.link.state
    if state in NORMAL or agent.elsewhere:
        return NOTHING
    look = link_look(agent.link)
    said = look.word if "link" in look.word or look is KEY_CHANGED else our_line("link {}", look.word)
    return our_line("⇄ {} {}", said, age(now - agent.link.since)) if agent.link.since else our_line("⇄ {}", said)


def _act(agent: Agent, *, told: bool, role: bool) -> list[Piece]:
    """Return what it does, asks or said last."""
    activity = agent.activity
    if activity.dialogs:
        return [(clean_line(activity.dialogs[0].request.title), "$agent-asking")]
    if activity.tools:
        tool = activity.tools[-1]
        more = [(our_line(" +{}", len(activity.tools) - 1), "$muted")] if len(activity.tools) > 1 else []
        return [(our_line("{} ", tool.name), "$transcript-tool"), (clean_line(tool.summary), ""), *more]
    if activity.state in (ActivityState.ERROR, ActivityState.RETRYING):
        said = [clean_line(word) for word in (until_word(agent), said_in(activity.error)) if word]
        return [(joined(said, ours(" · ")), "$agent-failed")]
    if activity.state is ActivityState.WORKING:
        return [(clean_line(activity.detail), "$muted")]
    if warning_word(agent) and agent.process.errors:
        return [(clean_line(agent.process.errors[-1]), "$muted")]
    if agent.last_text and not told:
        return [(our_line("“{}”", agent.last_text), "$muted")]
    return [(clean_line(agent.role), "$muted")] if role else []


def _since(agent: Agent) -> float | None:
    """Return since when it is at it, unix seconds; None where nothing tells."""
    activity = agent.activity
    if activity.dialogs:
        return activity.dialogs[0].since
    if activity.tools:
        return activity.tools[-1].since
    return activity.since or None


def warning_word(agent: Agent) -> Clean:
    """Return a sign and a word if an agent's program warned, or what holds it up is broken; `why` has its words."""
    alive = agent.process.state is not ProcessState.DEAD
    if trouble := scaffold_word(agent.process.scaffold, alive=alive):
        return our_line("! {}", trouble)
    warnings = warnings_in(agent.process.errors) if agent.process.state is not ProcessState.DEAD else ()
    if not warnings:
        return NOTHING
    return ours("! model") if any("model" in line.lower() for line in warnings) else ours("! warned")
