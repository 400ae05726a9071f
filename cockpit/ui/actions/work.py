"""Actions about what an agent has in its workspace."""

from __future__ import annotations

from cockpit.model.dwelling import reached_words, whose_words
from cockpit.model.fleet import LinkState, Power
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import needs_agent
from cockpit.ui.dialogs.changes.dialog import ChangesDialog


def _can_look(situation: Situation) -> str:
    agent = situation.agent
    if agent is None:
        return needs_agent(situation)
    vm = situation.fleet.vm(agent.vm_id)
    if vm is not None and vm.power in (Power.PAUSED, Power.SLEEPING):
        return f"{whose_words(agent.name, vm)} is paused: resume it first"
    if agent.link.state not in (LinkState.UP, LinkState.SILENT):
        return f"{reached_words(agent.name, vm)} is not connected: {agent.link.reason or agent.link.state.value}"
    return ""


def _changes(home: HomePort) -> None:
    agent = home.agent
    if agent is not None:
        others = [one for one in home.fleet.agents if one.id != agent.id and one.link.state is LinkState.UP]
        home.open_dialog(ChangesDialog(home.engine, agent, others, read_only=home.read_only))


ACTIONS: tuple[Action, ...] = (
    Action(
        "agent.changes",
        "d",
        "changes",
        "Agents",
        "Show what the agent changed, comment on lines, restore a turn",
        _changes,
        _can_look,
        panes=("agents", "output"),
    ),
)
