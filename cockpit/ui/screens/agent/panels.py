"""What fills the tabs beside the talk: the panels that fill dialogs too, each made when it is first seen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from cockpit.engine.port import CockpitPort
from cockpit.model.fleet import Agent, Fleet, LinkState
from cockpit.model.ids import AgentId
from cockpit.ui.dialogs.changes.panel import ChangesPanel
from cockpit.ui.dialogs.waiting import QueuePanel
from cockpit.ui.files.panel import FilesPanel
from cockpit.ui.look.vm import vm_content
from cockpit.ui.widgets.panel import Panel
from cockpit.ui.widgets.plain import Plain


class VmPanel(Panel):
    """What is known of the agent's VM; the keys that act upon it are the screen's."""

    FIRST = "#known"

    def __init__(self, agent: AgentId) -> None:
        super().__init__()
        self._agent = agent

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="known"):
            yield Plain(id="facts")

    def flush(self, fleet: Fleet, now: float) -> None:
        """Show what is known now."""
        agent = fleet.agent(self._agent)
        if agent is not None and self.is_seen:
            self.query_one("#facts", Plain).show(vm_content(agent, fleet.vm(agent.vm_id), fleet, now), layout=True)


def panel_for(tab: str, engine: CockpitPort, agent: Agent, *, read_only: bool) -> Panel:
    """Make the panel of a tab for an agent."""
    match tab:
        case "files":
            return FilesPanel(engine, agent.id, read_only=read_only)
        case "diff":
            others = [one for one in engine.fleet.agents if one.id != agent.id and one.link.state is LinkState.UP]
            return ChangesPanel(engine, agent, others, read_only=read_only)
        case "queue":
            return QueuePanel(engine, agent.id, read_only=read_only)
        case _:
            return VmPanel(agent.id)
