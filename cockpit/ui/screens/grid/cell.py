"""One cell: the end of an agent's output, with who it is, how it is, what it cost, and what it waits for."""

from __future__ import annotations

from cockpit.engine.port import CockpitPort
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import AgentId
from cockpit.text.clean import NOTHING, joined, ours, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, content, cut, pieces_width, width_of
from cockpit.ui.look.rows.names import cut_apart
from cockpit.ui.screens.agent.heading import state_pieces
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.widgets.frame import set_subtitle, set_title

BESIDE_TITLE = 6
"""Cells of the upper border that no title takes: corners, and a blank on each side."""


class GridCell(TranscriptView):
    """Follows its agent; only lines that changed are painted."""

    def __init__(self, number: int, agent: AgentId, engine: CockpitPort) -> None:
        super().__init__(id=f"cell-{number}")
        self.number = number
        self.agent = agent
        self._engine = engine

    def on_mount(self) -> None:
        self.set_empty((NOTHING, ours("No output yet.")))
        self.show(self._engine.transcript(self.agent))

    def frame(self, fleet: Fleet, now: float) -> None:
        """Say in its border who it is and how that one is."""
        agent, width = fleet.agent(self.agent), max(0, self.size.width - 2)
        if agent is None:
            set_title(self, content([(our_line("{} ", self.number), "$muted"), (ours("✗ gone"), "$agent-failed")]))
            set_subtitle(self, content([]))
            return
        facts = [*state_pieces(agent, fleet.vm(agent.vm_id), now)]
        cost: Piece = (our_line("  ${:.2f}", agent.usage.cost) if agent.usage.tokens else NOTHING, "$muted")
        room = width - 4 - pieces_width([*facts, cost])
        name = cut_apart(clean_line(agent.name), (), max(4, room))
        head: list[Piece] = [(our_line("{} ", self.number), "$accent"), (name, "bold"), (ours(" "), ""), *facts, cost]
        if not self.has_focus:
            # Frames of two neighbours would stand side by side: whose turn it is not has a rule alone.
            rest = max(0, self.outer_size.width - BESIDE_TITLE - pieces_width(head))
            head.append((joined((ours(" "), repeated(ours("─"), rest - 1))), "$rule"))
        set_title(self, content(head))
        set_subtitle(self, content(_waits(agent, width)))


def _waits(agent: Agent, width: int) -> list[Piece]:
    """Say what it wants, with the key that answers; what it does now where it wants nothing."""
    if agent.activity.dialogs:
        asked = agent.activity.dialogs[0].request
        words = "  ".join(f"{number} {option}" for number, option in enumerate(asked.options, 1)) or asked.title
        return [
            (ours(" a "), "bold $accent"),
            (cut(clean_line(words), max(0, width - 6)), "$agent-asking"),
            (ours(" "), ""),
        ]
    if agent.activity.tools:
        tool = agent.activity.tools[0]
        said = our_line(" {} {} ", tool.name, tool.summary)
        return [(cut(said, max(0, width - 2)), "$muted")]
    said = our_line(" {} ", agent.activity.detail)
    return [(cut(said, max(0, width - 2)), "$muted")] if width_of(said) > 2 else []
