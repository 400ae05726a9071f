"""What would be lost with a VM: unsaved work, processes, open questions, unseen results, and what is unknown.

Nothing here decides: it is what the operator reads before saying yes. What could not be looked at is never left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cockpit.model.conversation import forgets, is_forgetful, may_be_forgetful
from cockpit.model.dwelling import it_words
from cockpit.model.fleet import ActivityState, Agent, Fleet, Power
from cockpit.model.ids import VmId
from cockpit.model.names import vm_called

SHOWN = 3
"""Processes and repositories that a sentence names; the others are counted."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository on a VM, and what of it exists there alone."""

    path: str
    uncommitted: int | None = None
    """Files that are changed or new and not committed; None where git did not say."""
    unpushed: int | None = None
    """Commits that no remote is known to have; None where git did not say."""
    stashed: int = 0
    has_remote: bool = True


@dataclass(frozen=True, slots=True)
class Remains:
    """What a look at a VM found that is nowhere else, as far as the VM knows."""

    repositories: tuple[Repository, ...] = ()
    loose_files: int = 0
    """Files of the workspace that are in no repository; counted up to a bound."""
    processes: tuple[str, ...] = ()
    """Command lines of what runs beside agent and scaffold; an agent writes them, so they are hostile."""
    unknown: tuple[str, ...] = ()
    """What could not be looked at, in words."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What would be lost with one VM, in sentences for a person."""

    vm: VmId
    name: str
    """What the operator calls it: the first agent's name, else the VM's id."""
    kind: str
    """`lieutenant`, `worker`, `architect`, or `VM` where no agent of it is known."""
    lost: tuple[str, ...]
    unknown: tuple[str, ...]
    """What could not be looked at: it may be lost, too."""
    remains: Remains | None = None
    """What the look found; None if there was none."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """All that is to be read before a yes; never empty."""
        unknown = tuple(f"unknown: {what}" for what in self.unknown)
        return (*self.lost, *unknown) or ("nothing that was looked for would be lost",)


def loss_of(vm_id: VmId, fleet: Fleet, remains: Remains | None, unseen: str = "") -> Loss:
    """Return what would be lost with a VM.

    Args:
        vm_id: the VM.
        fleet: what is known of it.
        remains: what a look at it found; None if it could not be looked at.
        unseen: why not.
    """
    agents = [agent for agent in fleet.agents if agent.vm_id == vm_id]
    agent = agents[0] if agents else None
    whose = {one.id: f"{one.name}: " if len(agents) > 1 else "" for one in agents}
    lost = [*_of_host(vm_id, fleet), *(f"{whose[one.id]}{said}" for one in agents for said in _of_agent(one))]
    lost += unsaved_on(remains) if remains is not None else ()
    unknown = list(remains.unknown) if remains is not None else []
    if remains is None:
        unknown.append(f"uncommitted and unpushed work, and what runs there: {unseen or why_unseen(vm_id, fleet)}")
    unknown += [
        f"{whose[one.id]}whether it waits for an answer or has results: its output was not read"
        for one in agents
        if one.activity.state is ActivityState.UNKNOWN
    ]
    unknown += [
        f"{whose[one.id]}whether a file holds its conversation: another tool started it, and it has not said"
        for one in agents
        if may_be_forgetful(one)
    ]
    return Loss(
        vm_id,
        vm_called(vm_id, agents[:1]),
        agent.kind.value if agent is not None else "VM",
        tuple(lost),
        tuple(unknown),
        remains,
    )


def why_unseen(vm_id: VmId, fleet: Fleet) -> str:
    """Say why a VM cannot be looked at now, as far as the fleet knows."""
    vm, agent = fleet.vm(vm_id), fleet.agent_on(vm_id)
    if vm is None:
        return "it is on no list"
    if vm.power is not Power.RUNNING:
        return f"{it_words(vm)} is {vm.power.value}"
    called = f"host {vm.host}" if vm.host else "the VM"
    if agent is not None and agent.link.reason:
        return f"{called} is not connected: {agent.link.reason}"
    return f"{called} did not answer in time"


def _of_host(vm_id: VmId, fleet: Fleet) -> Iterator[str]:
    """Yield what depends on a VM that hosts the services."""
    vm = fleet.vm(vm_id)
    if vm is None or not vm.hosts_services:
        return
    others = [agent.name for agent in fleet.agents if agent.vm_id != vm_id and not agent.elsewhere]
    named = ", ".join(others[:SHOWN])
    more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
    who = (
        f"; {_count(len(others), 'agent')} {'depends' if len(others) == 1 else 'depend'} on them: {named}{more}"
        if others
        else ""
    )
    yield f"board, feed and registry are on it ({vm.hosts_services}){who}"


def _of_agent(agent: Agent) -> Iterator[str]:
    """Yield what its own stream tells."""
    for dialog in agent.activity.dialogs:
        yield f"it asks, and nobody answered: {dialog.request.title or 'a question without a title'}"
    if agent.run_open:
        yield "it works: the run that is open ends unfinished"
    elif agent.activity.state is ActivityState.DONE_UNSEEN:
        yield "its last answer was not looked at"
    if is_forgetful(agent):
        yield f"{forgets(agent)}: brought back, it begins anew"
    queued = len(agent.activity.steering) + len(agent.activity.follow_up)
    if queued:
        yield f"{_count(queued, 'text')} queued and not read by it"


def unsaved_on(remains: Remains) -> Iterator[str]:
    """Yield what a look found that is nowhere else, or runs."""
    for repository in remains.repositories:
        yield from _of_repository(repository)
    if remains.loose_files:
        yield f"{_count(remains.loose_files, 'file')} of its workspace in no repository"
    if remains.processes:
        named = ", ".join(remains.processes[:SHOWN])
        more = len(remains.processes) - SHOWN
        yield f"{_count(len(remains.processes), 'process', 'es')}: {named}{f' and {more} more' if more > 0 else ''}"


def _of_repository(repository: Repository) -> Iterator[str]:
    parts: list[str] = []
    if repository.uncommitted:
        parts.append(f"{_count(repository.uncommitted, 'file')} not committed")
    if repository.unpushed:
        where = "not pushed" if repository.has_remote else "in a repository without a remote"
        parts.append(f"{_count(repository.unpushed, 'commit')} {where}")
    if repository.stashed:
        parts.append(f"{_count(repository.stashed, 'stash', 'es')}")
    if parts:
        yield f"{repository.path}: {', '.join(parts)}"


def _count(number: int, what: str, plural: str = "s") -> str:
    return f"{number} {what}{'' if number == 1 else plural}"
