"""What takes an order back, for those that can be: the order that undoes it, and what was done, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cockpit.model.commands.agent import AgentCommand
from cockpit.model.commands.board import AssignTask, BoardCommand, EditTask, MoveTask
from cockpit.model.commands.command import Command
from cockpit.model.commands.conversation import (
    CloneSession,
    ForkSession,
    NameSession,
    NewSession,
    SetModel,
    SetThinking,
    SwitchSession,
)
from cockpit.model.commands.inbox import InboxCommand, PutOffEntry, TakeBackEntry
from cockpit.model.commands.life import Dismiss, Recall, Rename, SetFindable
from cockpit.model.commands.owed import ReopenOwed, SettleOwed
from cockpit.model.commands.plan import HoldPlan, RunPlan, TakePlanned
from cockpit.model.commands.ports import EndBridge, EndForward, OpenBridge, OpenForward
from cockpit.model.commands.shared import EnableItem
from cockpit.model.commands.usage import BudgetAct, ChangeBudget, PauseIdle
from cockpit.model.commands.vm import Pause, Resume
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import VmId
from cockpit.model.inbox.shelf import PutOff
from cockpit.model.names import vm_called
from cockpit.model.plan.marks import plans_on
from cockpit.model.platform import TagCommit, Untag
from cockpit.model.ports import forward_meant
from cockpit.model.reduce.tools import one_line
from cockpit.model.usage.standing import Limit

UNDO_SECONDS = 10.0
"""Seconds for which the line says that something can be undone."""

TITLE = 48
"""Characters of a title, a name or other words of others in it."""


@dataclass(frozen=True, slots=True)
class Undoable:
    """An order that can be taken back."""

    said: str
    """What was done, e.g. `paused w-2`."""
    back: Command
    """Undoes it; whoever changed the same meanwhile is not overruled."""


def undoable_of(command: Command, fleet: Fleet) -> Undoable | None:
    """Return how an order is taken back, None if it cannot be by another order.

    Args:
        command: what is about to be ordered.
        fleet: as it is before that.
    """
    if isinstance(command, BoardCommand):
        return _of_task(command, fleet)
    if isinstance(command, AgentCommand):
        agent = fleet.agent(command.agent)
        return _of_conversation(command, agent) if agent is not None else None
    if isinstance(command, InboxCommand):
        return _of_entry(command, fleet)
    if isinstance(command, Rename | SetFindable):
        return _of_identity(command, fleet)
    match command:
        case Pause(vm=vm) | PauseIdle(vm=vm):
            return Undoable(f"paused {_called(fleet, vm)}", Resume(vm))
        case Resume(vm=vm):
            return Undoable(f"resumed {_called(fleet, vm)}", Pause(vm))
        case Dismiss(vm=vm):
            return Undoable(f"dismissed {_called(fleet, vm)}", Recall(vm))
        case Recall(vm=vm):
            return Undoable(f"heard again of {_called(fleet, vm)}", Dismiss(vm))
        case SettleOwed(key=key):
            owed = next((one for one in fleet.owed if one.key == key), None)
            said = f"settled what {owed.asker} asks" if owed is not None else ""
            return Undoable(one_line(said, TITLE), ReopenOwed(key)) if owed is not None else None
        case ReopenOwed(key=key):
            return Undoable("heard again of a question", SettleOwed(key))
        case HoldPlan(name=name, source=source):
            return Undoable(f"held {one_line(name, TITLE)}", RunPlan(name, source=source))
        case RunPlan(name=name, source=source) if any(one.held for one in plans_on(fleet.tasks) if one.name == name):
            return Undoable(f"let {one_line(name, TITLE)} run", HoldPlan(name, source))
        case TakePlanned(task=task, back=back):
            done = "gave back" if back else "took"
            return Undoable(f"{done} a task of a plan", TakePlanned(task, back=not back))
        case EnableItem(item=item, enabled=enabled, source=source) if item.enabled is not enabled:
            done = "enabled" if enabled else "disabled"
            # The order back is about the item as it is then: else it is refused as one that changes nothing.
            switched = replace(item, enabled=enabled)
            return Undoable(f"{done} {one_line(item.name, TITLE)}", EnableItem(switched, not enabled, source))
        case ChangeBudget(scope=scope, act=BudgetAct.SET | BudgetAct.REMOVE as act):
            return _of_budget(scope, act, fleet)
        case TagCommit(tag=tag, move=False, source=source):
            return Undoable(f"tagged {one_line(tag, TITLE)}", Untag(tag, source))
        case OpenForward() | EndForward() | OpenBridge() | EndBridge():
            return _of_port(command, fleet)
        case _:
            return None


def _of_task(command: BoardCommand, fleet: Fleet) -> Undoable | None:
    match command:
        case MoveTask(task=task_id, status=status):
            task = next((one for one in fleet.tasks if one.id == task_id), None)
            if task is None or task.status == status:
                return None
            said = f"moved {one_line(task.title, TITLE)} to {status.replace('_', ' ')}"
            return Undoable(said, MoveTask(task_id, task.status, status))
        case AssignTask(task=task_id, assignee=assignee):
            task = next((one for one in fleet.tasks if one.id == task_id), None)
            if task is None or task.assignee == assignee:
                return None
            title = one_line(task.title, TITLE)
            said = f"gave {title} to {assignee}" if assignee else f"took {title} from {task.assignee}"
            return Undoable(said, AssignTask(task_id, task.assignee, assignee))
        case EditTask(task=task_id, before=before, after=after) if before != after:
            return Undoable(f"changed {one_line(before.title, TITLE)}", EditTask(task_id, after, before))
        case _:
            return None


def _of_entry(command: InboxCommand, fleet: Fleet) -> Undoable | None:
    if isinstance(command, PutOffEntry):
        done = "muted" if command.how is PutOff.MUTE else "put off"
        return Undoable(f"{done} {one_line(command.sentence, TITLE)}".rstrip(), TakeBackEntry(command.key))
    one = next((one for one in fleet.shelved if one.key == command.key), None)
    if one is None:
        return None
    said = f"heard again of {one_line(one.sentence, TITLE)}".rstrip()
    return Undoable(said, PutOffEntry(one.key, one.mark, one.how, one.sentence))


def _of_identity(command: Rename | SetFindable, fleet: Fleet) -> Undoable | None:
    agent = fleet.agent(command.agent)
    if agent is None:
        return None
    if isinstance(command, SetFindable):
        if agent.findable is command.findable:
            return None
        said = f"let others find {agent.name}" if command.findable else f"hid {agent.name} from others"
        return Undoable(said, SetFindable(agent.id, agent.findable))
    back = Rename(agent.id, agent.name, agent.role, agent.labels, agent.colour)
    if back == command:
        return None
    changed = f"renamed {agent.name} to {command.name}" if agent.name != command.name else f"changed {agent.name}"
    return Undoable(changed, back)


def _of_conversation(command: AgentCommand, agent: Agent) -> Undoable | None:
    """Of an agent it is known what its settings were only as far as it said so."""
    match command:
        case SetModel(model=model) if agent.model and (command.provider, model) != (agent.provider, agent.model):
            said = f"gave {agent.name} the model {one_line(model, TITLE)}"
            return Undoable(said, SetModel(agent.id, agent.provider, agent.model))
        case SetThinking(level=level) if agent.thinking and level != agent.thinking:
            return Undoable(f"had {agent.name} think {level}", SetThinking(agent.id, agent.thinking))
        case NameSession(name=name) if agent.conversation.name and name != agent.conversation.name:
            said = f"named the conversation {one_line(name, TITLE)}"
            return Undoable(said, NameSession(agent.id, agent.conversation.name))
        case NewSession() | SwitchSession() | ForkSession() | CloneSession() if agent.conversation.file:
            said = f"had {agent.name} go to another conversation"
            return Undoable(said, SwitchSession(agent.id, agent.conversation.file))
        case _:
            return None


def _of_budget(scope: str, act: BudgetAct, fleet: Fleet) -> Undoable | None:
    standing = next((one for one in fleet.spending.budgets if one.scope == scope), None)
    own = standing.record.limit if standing is not None and standing.record is not None else Limit()
    if act is BudgetAct.REMOVE and not own.is_set:
        return None
    said = "set a budget" if act is BudgetAct.SET else "took a budget away"
    back = BudgetAct.SET if own.is_set else BudgetAct.REMOVE
    return Undoable(said, ChangeBudget(scope, back, own))


def _of_port(command: OpenForward | EndForward | OpenBridge | EndBridge, fleet: Fleet) -> Undoable | None:
    called = _called(fleet, command.vm)
    match command:
        case OpenForward(vm=vm, port=port, local=local) if local:
            return Undoable(f"forwarded {local} to port {port} of {called}", EndForward(vm, local))
        case OpenForward(vm=vm, port=port) if forward_meant(fleet.forwards, vm, 0, port) is None:
            # Which port it gets here is known once it is open.
            return Undoable(f"forwarded port {port} of {called}", EndForward(vm, 0, port))
        case EndForward(vm=vm, local=local, port=port):
            one = forward_meant(fleet.forwards, vm, local, port)
            said = f"ended the forward {one.local} to {called}" if one is not None else ""
            return Undoable(said, OpenForward(vm, one.port, one.local)) if one is not None else None
        case OpenBridge(vm=vm, port=port):
            return Undoable(f"opened port {port} of {called}", EndBridge(vm, port))
        case EndBridge(vm=vm, port=port):
            return Undoable(f"closed port {port} of {called}", OpenBridge(vm, port))
        case _:
            return None


def _called(fleet: Fleet, vm: VmId) -> str:
    return vm_called(vm, fleet.agents, fleet.vms)
