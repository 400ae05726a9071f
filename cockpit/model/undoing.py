"""What takes an order back, for those that can be: the order that undoes it, and what was done, in words."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.commands.board import AssignTask, MoveTask
from cockpit.model.commands.command import Command
from cockpit.model.commands.inbox import PutOffEntry, TakeBackEntry
from cockpit.model.commands.vm import Pause, Resume
from cockpit.model.fleet import Fleet
from cockpit.model.inbox.shelf import PutOff
from cockpit.model.names import vm_called
from cockpit.model.reduce.tools import one_line

UNDO_SECONDS = 10.0
"""Seconds for which the line says that something can be undone."""

TITLE = 48
"""Characters of a task's title in it."""


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
    match command:
        case Pause(vm=vm_id):
            return Undoable(f"paused {_called(fleet, command)}", Resume(vm_id))
        case Resume(vm=vm_id):
            return Undoable(f"resumed {_called(fleet, command)}", Pause(vm_id))
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
        case PutOffEntry(key=key, how=how, sentence=sentence):
            done = "muted" if how is PutOff.MUTE else "put off"
            return Undoable(f"{done} {one_line(sentence, TITLE)}".rstrip(), TakeBackEntry(key))
        case _:
            return None


def _called(fleet: Fleet, command: Pause | Resume) -> str:
    return vm_called(command.vm, fleet.agents, fleet.vms)
