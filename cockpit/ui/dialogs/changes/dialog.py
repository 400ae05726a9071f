"""The changes of an agent over the whole screen."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.engine.port import CockpitPort
from cockpit.model.fleet import Agent
from cockpit.text.sanitize import our_line
from cockpit.ui.dialogs.changes.panel import ChangesPanel
from cockpit.ui.dialogs.holding import PanelDialog


class ChangesDialog(PanelDialog):
    """Stays on the agent it was opened for, whatever is selected behind it."""

    def __init__(self, engine: CockpitPort, agent: Agent, others: Sequence[Agent], *, read_only: bool = False) -> None:
        panel = ChangesPanel(engine, agent, others, read_only=read_only)
        super().__init__(our_line("Changes of {}", agent.name), panel, classes="full")
