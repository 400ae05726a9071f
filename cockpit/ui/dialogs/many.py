"""The question before one act is done to all marked agents: their names, and who would refuse it and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.look.cells import content


class ManyDialog(ConfirmDialog):
    """Names who it is done to; whoever refuses is named too, and stays marked."""

    def __init__(
        self, title: Clean, agents: Sequence[Agent], refused: Mapping[AgentId, str], consequence: Clean
    ) -> None:
        super().__init__(title, [clean_line(agent.name) for agent in agents], consequence)
        self._refused = [refused.get(agent.id, "") for agent in agents]

    def target_lines(self) -> list[Content]:
        """Return a line for each agent."""
        lines = []
        for target, reason in zip(self._targets, self._refused, strict=True):
            mark = ours("  ✗ ") if reason else ours("  → ")
            said = our_line(" · not now: {}", reason) if reason else NOTHING
            style = "$agent-failed" if reason else "$accent"
            lines.append(content([(mark, f"bold {style}"), (target, "bold"), (said, "$muted")]))
        return lines
