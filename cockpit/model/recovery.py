"""What a crash may have left behind: which VMs run, which tasks nobody does any more, and which questions are open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cockpit.model.board import Task
from cockpit.model.fleet import Agent, Fleet, Power, ProcessState
from cockpit.model.ids import AgentId, TaskId, VmId
from cockpit.model.owed import Owed
from cockpit.model.reduce.activity import base_state
from cockpit.model.row_doubts import DoubtKind, doubts


@dataclass(frozen=True, slots=True)
class ActiveVm:
    """A VM that runs and costs."""

    vm: VmId
    agent: AgentId | None
    name: str
    """The agent on it; empty where it has none."""
    doing: str
    """What the agent does, in one word."""


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A task in progress whose assignee is gone."""

    task: TaskId
    title: str
    assignee: str
    evidence: str
    """How it is known that nobody does it, in a sentence."""
    dead: AgentId | None = None
    """The assignee, where its VM is there and its process can be started again."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What there is to take up again."""

    active: tuple[ActiveVm, ...] = ()
    abandoned: tuple[Abandoned, ...] = ()
    owed: tuple[Owed, ...] = ()

    @property
    def wants_somebody(self) -> bool:
        """Whether anything of it waits for the operator."""
        return bool(self.abandoned or self.owed)

    @property
    def sentence(self) -> str:
        """All of it in a line."""
        counts = (
            (len(self.active), "place that runs", "places that run"),
            (len(self.abandoned), "task whose assignee is gone", "tasks whose assignees are gone"),
            (len(self.owed), "open question or blocker", "open questions and blockers"),
        )
        return ", ".join(f"{number or 'no'} {one if number == 1 else many}" for number, one, many in counts)


class RecoveryPort(Protocol):
    """What there is to take up again."""

    @property
    def due(self) -> Recovery | None:
        """What the start after a crash found, until the operator saw it."""

    def seen(self) -> None:
        """Take that the operator saw it."""

    def report(self) -> Recovery:
        """Return what there is to take up again, as it is known now."""

    async def look(self) -> Recovery:
        """Read the feed once, for who does not follow it, and return what there is to take up again.

        Raises:
            CockpitError: a feed could not be read.
        """


def recovery_of(fleet: Fleet, now: float) -> Recovery:
    """Return what a look at the whole fleet finds to take up again.

    Args:
        fleet: as it is known now; what is not known is not called gone.
        now: unix seconds.
    """
    active = tuple(
        _active(vm.id, fleet.agent_on(vm.id)) for vm in fleet.vms if vm.power in (Power.RUNNING, Power.BOOTING)
    )
    abandoned = tuple(found for task in fleet.tasks if (found := _abandoned(task, fleet, now)) is not None)
    return Recovery(active, abandoned, fleet.owed)


def _active(vm_id: VmId, agent: Agent | None) -> ActiveVm:
    if agent is None:
        return ActiveVm(vm_id, None, "", "nobody's")
    dead = agent.process.state is ProcessState.DEAD
    return ActiveVm(vm_id, agent.id, agent.name, "exited" if dead else base_state(agent.activity).value)


def _abandoned(task: Task, fleet: Fleet, now: float) -> Abandoned | None:
    gone = next((doubt for doubt in doubts(task, fleet, now) if doubt.kind is DoubtKind.GONE), None)
    if gone is None:
        return None
    there = (agent for agent in fleet.agents if agent.name == task.assignee and not agent.elsewhere)
    dead = next((agent.id for agent in there if _can_start_again(agent, fleet)), None)
    return Abandoned(task.id, task.title, task.assignee, gone.sentence, dead)


def _can_start_again(agent: Agent, fleet: Fleet) -> bool:
    vm = fleet.vm(agent.vm_id)
    return agent.process.state is ProcessState.DEAD and vm is not None and vm.power is Power.RUNNING
