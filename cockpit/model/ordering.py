"""In which order agents stand in a list: by need, name, age or cost; a family goes where its first member belongs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from math import inf

from cockpit.model.family import ancestors_of, descendants_of, parents_of
from cockpit.model.fleet import Agent, AgentKind, Vm
from cockpit.model.ids import AgentId, VmId
from cockpit.model.names import sorting_name
from cockpit.model.why import headline


class SortOrder(StrEnum):
    """What decides who stands first."""

    NAME = "name"
    """Architects, then lieutenants, then workers, each by name: nobody moves while the operator looks."""
    NEED = "need"
    """Who needs somebody most, and of those the one that has waited longest."""
    AGE = "age"
    """Who has been quiet longest."""
    COST = "cost"
    """Who cost most, with all below it."""


Rank = tuple[float, float, str, str]
"""Where an agent belongs: the smaller one stands first. No two agents have the same."""

NEEDS = ("asking", "failed", "unknown", "done", "running", "starting", "idle", "paused")
"""The tones of a headline by how much they need somebody: what is unknown may be anything."""

_KINDS = (AgentKind.ARCHITECT, AgentKind.LIEUTENANT, AgentKind.WORKER)


def ranks(agents: Iterable[Agent], vms: Mapping[VmId, Vm], order: SortOrder, now: float) -> dict[AgentId, Rank]:
    """Return where each agent belongs among those that work for the same one.

    Whoever has others below it stands where the first of its family belongs, and for the cost with the family's sum.
    """
    everyone = {agent.id: agent for agent in agents}
    own = {agent.id: _lead(agent, vms.get(agent.vm_id), order, now) for agent in everyone.values()}
    leads = dict(own)
    if order is not SortOrder.NAME:
        parents = parents_of(everyone.values())
        for head in set(parents.values()):
            family = (head, *descendants_of(head, parents))
            if order is SortOrder.COST:
                leads[head] = (sum(own[member][0] for member in family), 0.0)
            else:
                leads[head] = min(own[member] for member in family)
    return {agent.id: (*leads[agent.id], sorting_name(agent.name), agent.id) for agent in everyone.values()}


def on_top(places: Mapping[AgentId, Rank], pinned: Collection[AgentId], agents: Iterable[Agent]) -> dict[AgentId, Rank]:
    """Return the places with those that are pinned before all others, and whoever they work for with them."""
    parents = parents_of(agents) if pinned else {}
    first = {above for agent in pinned for above in (agent, *ancestors_of(agent, parents))}
    return {agent: (-inf, *place[1:]) if agent in first else place for agent, place in places.items()}


def _lead(agent: Agent, vm: Vm | None, order: SortOrder, now: float) -> tuple[float, float]:
    """Return what an order goes by, of an agent alone."""
    match order:
        case SortOrder.NEED:
            tone = headline(agent, vm, now).tone
            return (NEEDS.index(tone) if tone in NEEDS else len(NEEDS), agent.activity.since)
        case SortOrder.AGE:
            # Of whom nothing was ever heard, nobody knows how long it has been quiet: it stands last.
            return (0, agent.last_event_at) if agent.last_event_at is not None else (1, 0.0)
        case SortOrder.COST:
            return (-agent.usage.cost, 0.0)
        case _:
            return (_KINDS.index(agent.kind), 0.0)
