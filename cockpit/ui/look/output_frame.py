"""What the frame of the output says: whose it is, how the agent is, which model works there and at what cost."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.fleet import Agent, Vm
from cockpit.model.ports import PortForward
from cockpit.model.why import headline
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, count
from cockpit.ui.look.changes import counted, workspace_pieces
from cockpit.ui.look.forwards import forwarded_addresses
from cockpit.ui.look.rows.queues import queue_words
from cockpit.ui.look.states import style_of


def output_title(agent: Agent, vm: Vm | None, now: float) -> list[Piece]:
    """Name the agent and say how it is."""
    look = style_of(headline(agent, vm, now))
    pieces: list[Piece] = [(ours("4 "), "$muted"), (clean_line(agent.name), "bold $foreground")]
    pieces.append((our_line(" · {}", agent.kind.value), "$muted"))
    if agent.program == "scripted":
        pieces.append((ours(" · scripted agent"), "$link-degraded"))
    pieces += [(our_line("  {} {}", look.glyph, look.word), look.style)]
    if agent.guessed:
        pieces.append((ours(" (guessed)"), "$link-degraded"))
    return pieces + workspace_facts(agent)


def workspace_facts(agent: Agent) -> list[Piece]:
    """Say which repository an agent works in, and what it changed since its task began, as last looked at."""
    known = agent.workspace
    if known is None or not (known.repository or known.files):
        return []
    pieces: list[Piece] = [(our_line("  {}", known.repository), "$muted")] if known.repository else []
    pieces += workspace_pieces(known.branch, known.ahead, known.behind, known.midst)
    if known.files:
        pieces += [(ours(" "), ""), *counted(known.added, known.removed)]
    return pieces


def output_facts(agent: Agent, forwards: Sequence[PortForward] = (), *, following: bool) -> list[Piece]:
    """Say which model works, what it has used, what leads to its VM, and whether the newest line is followed."""
    facts: list[Piece] = []
    if agent.model:
        model = "/".join(word for word in (agent.provider, agent.model) if word)
        version = f"{agent.program} {agent.version} · " if agent.version else ""
        thinking = f" · {agent.thinking}" if agent.thinking else ""
        facts.append((clean_line(version + model + thinking), "$muted"))
    if agent.permission_mode:
        facts.append((our_line("  mode {}", agent.permission_mode), "$muted"))
    if agent.context_window:
        facts.append((our_line("  ctx {}%", 100 * agent.context_tokens // agent.context_window), "$muted"))
    if agent.usage.tokens:
        facts.append((our_line("  {} tok  ${:.2f}", count(agent.usage.tokens), agent.usage.cost), "$muted"))
    if queued := queue_words(agent):
        facts.append((our_line("  {}", queued), "$mode-follow-up"))
    facts += forwarded_addresses([one for one in forwards if one.vm == agent.vm_id])
    facts.append((ours("  following") if following else ours("  held · end follows"), "$muted"))
    return facts
