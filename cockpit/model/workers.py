"""Several workers at once: their names, who gets which task, and which agents are workers."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from cockpit.model.commands.swarm import Teardown
from cockpit.model.family import descendants_of, parents_of
from cockpit.model.fleet import Agent, AgentKind, Fleet
from cockpit.model.names import numbered_from

if TYPE_CHECKING:
    from cockpit.model.commands.life import Spawn
    from cockpit.model.ids import AgentId, VmId

MOST = 50
"""Workers that are made by one order: enough for a task list, few enough for a slip of the finger."""

DELETED, KEPT = "deleted", "kept"
"""What may become of a worker that is torn down; `kept`: it is not deleted, or that is not known."""

ENDED, TIMED_OUT, UNKNOWN = "ended", "timed out", "unknown"
"""What may become of a command on a worker's VM; `unknown`: it was not run, or its end was not seen."""

_BETWEEN = re.compile(r"^---[ \t]*$", re.MULTILINE)


def tasks_in(text: str) -> tuple[str, ...]:
    """Return the tasks of a list: one a line, or what stands between lines of `---` where there is such a line."""
    pieces = _BETWEEN.split(text) if _BETWEEN.search(text) else text.splitlines()
    return tuple(piece.strip() for piece in pieces if piece.strip())


def numbered(name: str, count: int, taken: Collection[str] = ()) -> tuple[str, ...]:
    """Return names of the form `NAME-1`, without those that are taken; one alone has the name as it is."""
    if count == 1:
        return (name,)
    return tuple(islice((made for made in numbered_from(name, 1) if made not in taken), count))


def fault_of_tasks(count: int, tasks: Sequence[str]) -> str:
    """Say why tasks cannot be shared out among so many workers, or return empty text."""
    if not 1 <= count <= MOST:
        return f"how many: a number from 1 to {MOST}"
    if len(tasks) not in (0, 1, count):
        return f"{len(tasks)} tasks for {count} workers: give one for all, or one for each"
    return ""


def spawn_each(wanted: Spawn, count: int, tasks: Sequence[str], taken: Collection[str] = ()) -> tuple[Spawn, ...]:
    """Return the commands that make several workers: one task is everybody's, of several each gets its own.

    Args:
        wanted: what they all are, under the name that is numbered.
        tasks: none, one, or as many as workers; `fault_of_tasks` says so before.
        taken: names that somebody has.
    """
    shared = [*tasks] if len(tasks) == count else [*tasks, ""][:1] * count
    names = numbered(wanted.name, count, taken)
    return tuple(replace(wanted, name=name, task=task) for name, task in zip(names, shared, strict=True))


def workers_in(fleet: Fleet, *, parent: AgentId | None = None, label: str = "") -> tuple[Agent, ...]:
    """Return the workers of this account, without those on a VM that hosts the services.

    Args:
        parent: only those that work for this agent, or for one of its own.
        label: only those with this label.
    """
    hosts = {vm.id for vm in fleet.vms if vm.hosts_services}
    below = frozenset(descendants_of(parent, parents_of(fleet.agents))) if parent is not None else None
    return tuple(
        agent
        for agent in fleet.agents
        if agent.kind is AgentKind.WORKER
        and not agent.elsewhere
        and agent.vm_id not in hosts
        and (below is None or agent.id in below)
        and (not label or label in agent.labels)
    )


def removable(agents: Sequence[Agent], fleet: Fleet) -> tuple[Agent, ...]:
    """Return those that can be torn down: agents of plain hosts stay. Of no others, all: the order says why."""
    hosts = {vm.id for vm in fleet.vms if vm.host}
    return tuple(agent for agent in agents if agent.vm_id not in hosts) or tuple(agents)


def teardown_orders(agents: Sequence[Agent], *, undo: bool = False) -> tuple[Teardown, ...]:
    """Return the commands that tear agents down: one for each source that has any."""
    sources: dict[str, dict[VmId, None]] = {}
    for agent in agents:
        sources.setdefault(agent.source, {})[agent.vm_id] = None
    return tuple(Teardown(tuple(vms), undo) for vms in sources.values())
