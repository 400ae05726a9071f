"""Which source a command is about: that of its target."""

from __future__ import annotations

from cockpit.engine.state import FleetState
from cockpit.model.commands import (
    Abort,
    Adopt,
    Answer,
    AssignTask,
    Branch,
    Command,
    Commit,
    CreateTask,
    Destroy,
    FollowUp,
    MoveTask,
    NoteTask,
    Pause,
    Prompt,
    Relaunch,
    Resume,
    Spawn,
    Steer,
)


def source_of(command: Command, fleet_state: FleetState) -> str | None:
    """Return the name of the source that has a command's target; None for what is new, or not known."""
    match command:
        case Prompt() | Steer() | FollowUp() | Abort() | Answer() | Relaunch():
            agent = fleet_state.agents.get(command.agent)
            return agent.source if agent is not None else None
        case Adopt() | Pause() | Resume() | Destroy() | Commit() | Branch():
            vm, agent = fleet_state.vms.get(command.vm), fleet_state.agent_on(command.vm)
            return vm.source if vm is not None else agent.source if agent is not None else None
        case MoveTask() | AssignTask() | NoteTask():
            return fleet_state.source_of_task(command.task)
        case Spawn() | CreateTask():
            return None
