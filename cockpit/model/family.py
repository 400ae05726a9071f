"""Who works for whom: parents and children by what is known of an agent's origin, and what a family sums up to.

What says who an agent's parent is comes from registries and other tools, so it may name nobody, itself or a circle.
An id decides. A name stands in only where no id is known, and only where exactly one agent bears it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cockpit.model.ids import AgentId, VmId
from cockpit.model.names import looks_like_id

if TYPE_CHECKING:
    from cockpit.model.fleet import Agent, Vm


@dataclass(frozen=True, slots=True)
class FamilySum:
    """What several agents are and cost together."""

    agents: int = 0
    tones: Mapping[str, int] = field(default_factory=dict)
    """How many of them have each tone of `why.headline`."""
    tokens: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class FamilyBounds:
    """What an agent that nobody made, and all below it, may have; 0 sets no bound."""

    max_vms: int = 0
    max_depth: int = 0
    """Generations below the first."""


UNBOUNDED = FamilyBounds()


def parents_of(agents: Iterable[Agent]) -> dict[AgentId, AgentId]:
    """Return the parent of each agent that has one which is known.

    Who stands in a circle of claims has no parent: none of them is more likely than another.
    """
    everyone = list(agents)
    by_id = {agent.id: agent for agent in everyone}
    by_vm: dict[tuple[str, str], list[Agent]] = {}
    by_name: dict[tuple[str, str], list[Agent]] = {}
    for agent in by_id.values():
        by_vm.setdefault((agent.source, agent.vm_id), []).append(agent)
        by_name.setdefault((agent.source, agent.name), []).append(agent)
    claims: dict[AgentId, AgentId] = {}
    for agent in by_id.values():
        parent = _claimed(agent, by_id, by_vm, by_name)
        if parent is not None and parent.id != agent.id:
            claims[agent.id] = parent.id
    circular = _in_circles(claims)
    return {child: parent for child, parent in claims.items() if child not in circular}


def parent_vm_of(agent: Agent, agents: Iterable[Agent]) -> VmId | None:
    """Return the VM of the agent that this one works for, to be written down beside the name; None if not known."""
    others = {other.id: other for other in agents if other.id != agent.id}
    parent = parents_of([*others.values(), agent]).get(agent.id)
    return others[parent].vm_id if parent is not None else None


def family_fault(
    parent: Agent, agents: Iterable[Agent], making: Iterable[AgentId], bounds: FamilyBounds, more: int = 1
) -> str:
    """Say why an agent may not have so many children more, or return empty text.

    Args:
        parent: the agent.
        agents: all that are known.
        making: the parents of those that are being made and not among them yet, one for each.
        bounds: what a family may have.
        more: how many are to be made.
    """
    everyone = [*agents]
    parents = parents_of(everyone)
    above = [*ancestors_of(parent.id, parents)]
    first = above[-1] if above else parent.id
    name = next((agent.name for agent in everyone if agent.id == first), parent.name)
    if bounds.max_depth and len(above) + 1 > bounds.max_depth:
        most = f"{bounds.max_depth} generation{'' if bounds.max_depth == 1 else 's'}"
        return f"{name} may have {most} below it ([agent] max_depth), and {parent.name} is of the last"
    family = {first, *descendants_of(first, parents)}
    vms = len(family) + sum(maker in family for maker in making)
    if bounds.max_vms and vms + more > bounds.max_vms:
        wanted = f"; {more} more are wanted" if more > 1 else ""
        return f"{name} and all below it may have {bounds.max_vms} VMs ([agent] max_vms), and have {vms}{wanted}"
    return ""


def head_of(agent: AgentId, parents: Mapping[AgentId, AgentId]) -> AgentId | None:
    """Return an agent that has children, or else its parent; None if it has neither."""
    return agent if agent in parents.values() else parents.get(agent)


def ancestors_of(agent: AgentId, parents: Mapping[AgentId, AgentId]) -> Iterator[AgentId]:
    """Return an agent's parent, the parent's parent, and so on; `parents` is free of circles."""
    here = parents.get(agent)
    while here is not None:
        yield here
        here = parents.get(here)


def descendants_of(agent: AgentId, parents: Mapping[AgentId, AgentId]) -> Iterator[AgentId]:
    """Return the children of an agent, their children, and so on; `parents` is free of circles."""
    children: dict[AgentId, list[AgentId]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    waiting = list(children.get(agent, ()))
    while waiting:
        found = waiting.pop()
        yield found
        waiting += children.get(found, ())


def sum_of(agents: Iterable[Agent], vms: Mapping[VmId, Vm], now: float) -> FamilySum:
    """Return what these agents are and cost together."""
    from cockpit.model.why import headline

    number, tokens, cost = 0, 0, 0.0
    tones: dict[str, int] = {}
    for agent in agents:
        number += 1
        tokens += agent.usage.tokens
        cost += agent.usage.cost
        tone = headline(agent, vms.get(agent.vm_id), now).tone
        tones[tone] = tones.get(tone, 0) + 1
    return FamilySum(number, tones, tokens, cost)


def _claimed(
    agent: Agent,
    by_id: Mapping[AgentId, Agent],
    by_vm: Mapping[tuple[str, str], list[Agent]],
    by_name: Mapping[tuple[str, str], list[Agent]],
) -> Agent | None:
    """Return the agent that this one is said to work for, or None if nobody known is meant."""
    place = agent.parent_vm or (agent.parent.lower() if looks_like_id(agent.parent) else "")
    if place:
        there = by_vm.get((agent.source, place), [])
        # Several agents may share a VM: then the name tells them apart, or nothing does.
        return _only(there) or _only([other for other in there if other.name == agent.parent])
    if not agent.parent:
        return None
    return by_id.get(AgentId(agent.parent)) or _only(by_name.get((agent.source, agent.parent), []))


def _only(agents: list[Agent]) -> Agent | None:
    """Return the one agent of a list, or None if there is none, or there are several."""
    return agents[0] if len(agents) == 1 else None


def _in_circles(claims: Mapping[AgentId, AgentId]) -> set[AgentId]:
    """Return the agents whose claims lead back to themselves; who merely works for one of them is not among them."""
    done: set[AgentId] = set()
    circular: set[AgentId] = set()
    for start in claims:
        path: list[AgentId] = []
        seen: set[AgentId] = set()
        here: AgentId | None = start
        while here is not None and here not in done and here not in seen:
            seen.add(here)
            path.append(here)
            here = claims.get(here)
        if here is not None and here in seen:
            circular.update(path[path.index(here) :])
        done.update(path)
    return circular
