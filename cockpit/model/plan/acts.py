"""What a plan does next: single acts on the board, on agents and on VMs. Each is safe to find done already."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.board import Task
from cockpit.model.ids import AgentId


@dataclass(frozen=True, slots=True)
class Give:
    """Hand a task over to a free agent."""

    task: Task
    agent: AgentId
    name: str


@dataclass(frozen=True, slots=True)
class Confirm:
    """Write down that an agent has a task: it has accepted it, and whoever handed it over was cut off since."""

    task: Task
    agent: AgentId
    name: str


@dataclass(frozen=True, slots=True)
class Settle:
    """Write down that nobody is handing a task over any more: it arrived, as its status says."""

    task: Task


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take a task back that never reached its agent: whoever handed it over was cut off before."""

    task: Task
    why: str


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Open a task again whose agent was lost."""

    task: Task
    losses: int
    """How many were lost with it, this one included."""
    why: str


@dataclass(frozen=True, slots=True)
class StopTask:
    """Stop a task until the operator looks at it."""

    task: Task
    why: str


@dataclass(frozen=True, slots=True)
class HandIn:
    """Hand a task in for review, or call it done: its agent came to the end of its run and left it where it was."""

    task: Task
    agent: AgentId
    name: str
    done: bool


@dataclass(frozen=True, slots=True)
class MakeWorker:
    """Make an agent for a role that nobody plays who is free."""

    role: str


@dataclass(frozen=True, slots=True)
class TearDown:
    """Give the workers up that were made for a plan whose tasks are done; each can be brought back for a while."""

    workers: tuple[tuple[AgentId, str], ...]
    """Their ids and names."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Write down that all of a plan is done."""

    left: tuple[str, ...] = ()
    """The workers made for it that were to go and stay, each with the reason."""


Act = Give | Confirm | Settle | Withdraw | TakeBack | StopTask | HandIn | MakeWorker | TearDown | Finish


def words_of(act: Act) -> str:
    """Say what an act does."""
    match act:
        case Give(task, _, name):
            return f"give {task.title!r} to {name}"
        case Confirm(task, _, name):
            return f"write down that {name} has {task.title!r}"
        case Settle(task):
            return f"write down that {task.title!r} arrived"
        case Withdraw(task, why):
            return f"take {task.title!r} back, which never arrived: {why}"
        case TakeBack(task, _, why):
            return f"open {task.title!r} again: {why}"
        case StopTask(task, why):
            return f"stop {task.title!r}: {why}"
        case HandIn(task, _, name, done):
            return f"{'call' if done else 'hand in'} {task.title!r} of {name}{' done' if done else ''}"
        case MakeWorker(role):
            return f"make a {role or 'worker'}"
        case TearDown(workers):
            return f"tear down {', '.join(name for _, name in workers)}, made for the plan"
        case Finish():
            return "finish the plan"
