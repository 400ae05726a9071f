"""Who can take a task of a plan: what is known of each agent, in one word, with the reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cockpit.model.board import Task
from cockpit.model.dwelling import its_words
from cockpit.model.fleet import ActivityState, Agent, AgentKind, Fleet, LinkState, Power, ProcessState, Vm
from cockpit.model.ids import AgentId
from cockpit.model.plan.marks import GIVING, PLAN, given_in, is_head
from cockpit.model.reduce.activity import base_state
from cockpit.model.reduce.tools import one_line


class Readiness(StrEnum):
    """Whether an agent can take a task."""

    FREE = "free"
    """It rests, nothing waits in it, and nothing on the board is its own."""
    RESTS = "rests"
    """It rests, and something on the board is its own."""
    WORKS = "works"
    ASKS = "asks"
    FAILED = "failed"
    ABORTED = "aborted"
    UNSEEN = "not looked at"
    """Nobody here has looked yet: a first look decides."""
    AWAY = "away"
    """It cannot be seen or reached now, and what it does is not known."""
    LOST = "lost"
    """It is known that it works no more: its VM is gone, or its process ended."""


@dataclass(frozen=True, slots=True)
class Worker:
    """An agent, as a plan sees it."""

    id: AgentId
    name: str
    readiness: Readiness
    reason: str = ""
    """Why, where it cannot take a task."""
    roles: frozenset[str] = field(default_factory=frozenset)
    """What it may be asked for as, in lower case."""
    plan: str = ""
    """The plan it was made for."""
    has_vm: bool = True
    """Whether its VM is there, so that it counts among those that a plan may have."""
    kind: AgentKind = AgentKind.WORKER


def plan_label(name: str) -> str:
    """Return the label of an agent that was made for a plan."""
    return f"{PLAN}{name}"


def plays(worker: Worker, role: str) -> bool:
    """Say whether an agent is asked for by a role."""
    return (role or "worker") in worker.roles


def workers_of(
    fleet: Fleet, source: str, tasks: Collection[Task], busy: Collection[AgentId] = ()
) -> tuple[Worker, ...]:
    """Return the agents of a source, by name.

    Args:
        fleet: as it is known.
        source: whose board it is: agents of another one do not see it.
        tasks: the whole board; who has one in hand is not free.
        busy: agents that are being given something just now.
    """
    vms = {vm.id: vm for vm in fleet.vms}
    names: dict[str, None] = {}
    held: set[AgentId] = set()
    for task in tasks:
        if task.status in ("in_progress", "blocked") and not is_head(task):
            names[task.assignee] = None
        if GIVING in task.tags and task.status == "open" and (given := given_in(task)) is not None:
            held.add(given.agent)
    found = []
    for agent in fleet.agents:
        if agent.source != source or agent.elsewhere:
            continue
        vm = vms.get(agent.vm_id)
        readiness, reason = _readiness(agent, vm)
        if readiness is Readiness.FREE and (agent.name in names or agent.id in held or agent.id in busy):
            readiness, reason = Readiness.RESTS, "the board says that it has a task"
        if vm is not None and vm.hosts_services:
            continue
        has_vm = vm is not None and vm.power is not Power.GONE
        found.append(
            Worker(agent.id, agent.name, readiness, reason, _roles(agent), _made_for(agent), has_vm, agent.kind)
        )
    return tuple(sorted(found, key=lambda worker: (worker.name, worker.id)))


def _roles(agent: Agent) -> frozenset[str]:
    words = {agent.kind.value, *(label.casefold() for label in agent.labels)}
    return frozenset(words | ({agent.role.strip().casefold()} if len(agent.role) < 60 else set()))


def _made_for(agent: Agent) -> str:
    return next((label[len(PLAN) :] for label in agent.labels if label.startswith(PLAN)), "")


def _readiness(agent: Agent, vm: Vm | None) -> tuple[Readiness, str]:
    if vm is not None and vm.power in (Power.GONE, Power.DEAD):
        return Readiness.LOST, f"{its_words(vm)} is {vm.power.value}"
    if agent.process.state is ProcessState.DEAD:
        code = agent.process.exit_code
        return Readiness.LOST, "its process ended" + (f" with code {code}" if code is not None else "")
    if vm is None or vm.power is not Power.RUNNING:
        return Readiness.AWAY, f"{its_words(vm)} is {vm.power.value}" if vm is not None else "its place is on no list"
    first = agent.link.state is LinkState.CONNECTING and agent.link.attempt <= 1
    if agent.link.state is LinkState.NEVER or first:
        return Readiness.UNSEEN, "it was not looked at here yet"
    if agent.link.state is not LinkState.UP:
        return Readiness.AWAY, f"its link is {agent.link.state.value}"
    if agent.process.state is not ProcessState.ALIVE:
        return Readiness.AWAY, "whether its process lives is not known"
    return _by_activity(agent)


def _by_activity(agent: Agent) -> tuple[Readiness, str]:
    activity = agent.activity
    if activity.dialogs:
        request = activity.dialogs[0].request
        return Readiness.ASKS, one_line(request.title or request.message or request.method, 120)
    if agent.run_open:
        return Readiness.WORKS, "it is at work"
    state = base_state(activity)
    if state is ActivityState.ERROR:
        return Readiness.FAILED, one_line(activity.error, 200) or "it gave no reason"
    if state is ActivityState.ABORTED:
        return Readiness.ABORTED, "its run was aborted"
    if state not in (ActivityState.IDLE, ActivityState.DONE_UNSEEN):
        return Readiness.WORKS, f"it is {state.value}"
    if activity.steering or activity.follow_up:
        return Readiness.WORKS, "texts wait in it"
    return Readiness.FREE, ""


def by_id(workers: Collection[Worker]) -> Mapping[AgentId, Worker]:
    """Return agents by their ids."""
    return {worker.id: worker for worker in workers}
