"""What a command is about: the source that has its target, and the agent that asked."""

from __future__ import annotations

from cockpit.engine.state import FleetState
from cockpit.model.commands.agent import AgentCommand
from cockpit.model.commands.board import BoardCommand, CreateTask, HandOverTask
from cockpit.model.commands.command import Command
from cockpit.model.commands.feed import PublishEvent
from cockpit.model.commands.images import ImageCommand
from cockpit.model.commands.inbox import InboxCommand
from cockpit.model.commands.life import Relaunch, Rename, Restore, SetFindable, Spawn, Undo
from cockpit.model.commands.owed import OwedCommand
from cockpit.model.commands.plan import CreatePlan, HoldPlan, RunPlan, StepPlan, TakePlanned
from cockpit.model.commands.queue import QueueCommand
from cockpit.model.commands.shared import PlacedCommand, SyncItems
from cockpit.model.commands.swarm import ContinueAll, FanOut, StopAll, Teardown
from cockpit.model.commands.usage import ChangeBudget, ContinueLimited, FreezeForBudget
from cockpit.model.commands.work import WorkCommand
from cockpit.model.fleet import Agent
from cockpit.model.ids import TaskId
from cockpit.model.names import agents_called
from cockpit.model.owed import Owed
from cockpit.model.plan.marks import plans_on
from cockpit.model.platform import PlatformCommand, Resize, SetLabels
from cockpit.model.usage.standing import subject_of

_ABOUT_AGENTS = AgentCommand | QueueCommand | HandOverTask | Relaunch | Rename | SetFindable | WorkCommand | SyncItems


def asker_of(owed: Owed, fleet_state: FleetState) -> Agent | None:
    """Return the agent that asked something, if exactly one has its name."""
    called = agents_called(owed.asker, fleet_state.agents.values(), fleet_state.vms.values())
    return called[0] if len(called) == 1 else None


def source_of_task(task_id: TaskId, fleet_state: FleetState) -> str | None:
    """Return the name of the source on whose board a task is, or None."""
    boards = fleet_state.boards.items()
    return next((name for name, board in boards if any(task.id == task_id for task in board)), None)


def source_of(command: Command, fleet_state: FleetState) -> str | None:
    """Return the name of the source that has a command's target; None for what is new, or not known."""
    if isinstance(command, Spawn | Undo | Restore | CreateTask | CreatePlan | ImageCommand | InboxCommand):
        return None
    if isinstance(command, PublishEvent):
        return command.source or None
    if isinstance(command, PlatformCommand) and not isinstance(command, Resize | SetLabels):
        return command.source or None
    if isinstance(command, PlacedCommand):
        return command.source or None
    if isinstance(command, _ABOUT_AGENTS):
        agent = fleet_state.agents.get(command.agent)
        return agent.source if agent is not None else None
    if isinstance(command, OwedCommand):
        owed = next((one for one in fleet_state.owed if one.key == command.key), None)
        asker = asker_of(owed, fleet_state) if owed is not None else None
        placed = source_of_task(owed.task, fleet_state) if owed is not None and owed.task is not None else None
        return placed or (asker.source if asker is not None else None)
    if isinstance(command, RunPlan | HoldPlan | StepPlan):
        boards = fleet_state.boards.items()
        return next((name for name, board in boards if command.name in {one.name for one in plans_on(board)}), None)
    if isinstance(command, BoardCommand | TakePlanned):
        return source_of_task(command.task, fleet_state)
    if isinstance(command, ChangeBudget):
        subject = subject_of(command.scope)
        agent = fleet_state.agents.get(subject) if subject is not None else None
        return agent.source if agent is not None else None
    if isinstance(command, FanOut | ContinueLimited):
        first = next((known for known in map(fleet_state.agents.get, command.agents) if known is not None), None)
        return first.source if first is not None else None
    for vm_id in (
        command.vms if isinstance(command, Teardown | StopAll | ContinueAll | FreezeForBudget) else (command.vm,)
    ):
        vm, other = fleet_state.vms.get(vm_id), fleet_state.agent_on(vm_id)
        if vm is None and other is None:
            return fleet_state.sightings.source_of(vm_id)
        return vm.source if vm is not None else other.source if other is not None else None
    return None
