"""Why an action cannot be done now, where several groups ask the same: the engine decides about commands."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.model.commands.command import Command
from cockpit.model.fleet import Vm
from cockpit.model.ids import AgentId
from cockpit.ui.actions.action import Reason, Situation

NO_AGENT = "no agent is selected"


def needs_agent(situation: Situation) -> str:
    """Ask for a selected agent."""
    return "" if situation.agent is not None else NO_AGENT


def needs_task(situation: Situation) -> str:
    """Ask for a task under the cursor."""
    return "" if situation.task is not None else "no task is selected: choose one on the board"


def agent_command(build: Callable[[AgentId], Command]) -> Reason:
    """Ask the engine whether a command to the selected agent would be refused."""

    def reason(situation: Situation) -> str:
        if situation.agent is None:
            return NO_AGENT
        return situation.engine.disabled_reason(build(situation.agent.id))

    return reason


def vm_command(build: Callable[[Vm], Command]) -> Reason:
    """Ask the engine whether a command to the selected VM would be refused."""

    def reason(situation: Situation) -> str:
        if situation.vm is None:
            return "nothing is selected"
        return situation.engine.disabled_reason(build(situation.vm))

    return reason
