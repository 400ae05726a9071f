"""What waits in an agent, in a dialog."""

from __future__ import annotations

from cockpit.engine.port import CockpitPort
from cockpit.model.ids import AgentId
from cockpit.text.sanitize import our_line
from cockpit.ui.dialogs.holding import PanelDialog
from cockpit.ui.dialogs.waiting import QueuePanel
from cockpit.ui.key_gate import Guarded


class QueueDialog(Guarded, PanelDialog):
    """Dismisses with `clear`, or with the id of the receipt of a text taken out."""

    def __init__(self, engine: CockpitPort, agent: AgentId, name: str, *, read_only: bool) -> None:
        super().__init__(our_line("Queue of {}", name), QueuePanel(engine, agent, read_only=read_only), classes="pick")
