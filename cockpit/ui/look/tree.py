"""The agents as a tree: who works for whom, their sub-agents, the lines that lead there, and who is folded away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from cockpit.model.family import FamilySum, descendants_of, parents_of, sum_of
from cockpit.model.fleet import Agent, Vm
from cockpit.model.ids import AgentId, VmId
from cockpit.model.ordering import Rank, SortOrder, ranks
from cockpit.model.sub_agents import SubAgent, state_of, sub_agents_of
from cockpit.text.clean import NOTHING, Clean, joined, ours, part

GUIDE_KEPT = 8
"""Characters of the lines above an agent that are kept: claims of others must not make rows of any length."""


@dataclass(frozen=True, slots=True)
class TreeNode:
    """An agent, or a sub-agent of it, and where it stands in the tree."""

    agent: Agent
    guide: Clean
    """The lines that lead to it: `├ `, `│ └ `."""
    folded: tuple[Agent, ...] = ()
    """Those below it that are not shown."""
    is_folded: bool = False
    """Who stands below it is not shown."""
    leads: bool = False
    """Somebody stands below it."""
    sub_agent: SubAgent | None = None
    """What stands here is a sub-agent of the agent."""

    @property
    def key(self) -> str:
        """What its row stands for."""
        return self.agent.id if self.sub_agent is None else self.sub_agent.key

    def family(self, vms: Mapping[VmId, Vm], now: float) -> FamilySum | None:
        """Return what all that is folded into it sums up to; None if nothing is."""
        hidden = [sub for agent in (self.agent, *self.folded) for sub in sub_agents_of(agent)] if self.is_folded else []
        if not self.folded and not hidden:
            return None
        found = sum_of(self.folded, vms, now)
        tones = dict(found.tones)
        for sub in hidden:
            tone = state_of(sub, vms.get(sub.agent.vm_id), now).tone
            tones[tone] = tones.get(tone, 0) + 1
        # What they used and cost is in the sums of their agents.
        return replace(found, tones=tones)


def agent_tree(
    agents: Iterable[Agent], folded: Collection[AgentId] = (), rank: Mapping[AgentId, Rank] | None = None
) -> list[TreeNode]:
    """SortOrder agents as a tree: the first on top, each with its children below it.

    Whose parent is unknown stands among the first, without a guide.

    Args:
        agents: all that are shown or folded away.
        folded: those whose children are not shown.
        rank: where each belongs among those that work for the same one; by name without it.
    """
    shown = tuple(agents)
    places = ranks(shown, {}, SortOrder.NAME, 0.0) if rank is None else rank
    everyone = {agent.id: agent for agent in sorted(shown, key=lambda agent: places[agent.id], reverse=True)}
    parents = parents_of(everyone.values())
    children: dict[AgentId | None, list[Agent]] = {}
    for agent in everyone.values():  # from last to first, as a stack wants them
        children.setdefault(parents.get(agent.id), []).append(agent)
    waiting = [(agent, NOTHING, NOTHING) for agent in children.get(None, ())]
    nodes: list[TreeNode] = []
    while waiting:
        agent, guide, beneath = waiting.pop()
        if agent.id in folded:
            hidden = tuple(everyone[below] for below in descendants_of(agent.id, parents))
            nodes.append(TreeNode(agent, guide, hidden, is_folded=True))
            continue
        below_it, within = children.get(agent.id, ()), sub_agents_of(agent)
        nodes.append(TreeNode(agent, guide, leads=bool(below_it or within)))
        for number, sub_agent in enumerate(within, 1):
            lead = ours("├ ") if below_it or number < len(within) else ours("└ ")
            nodes.append(TreeNode(agent, joined((beneath, lead)), sub_agent=sub_agent))
        for number, child in enumerate(below_it):
            last = number == 0
            lead, below = (ours("└ "), ours("  ")) if last else (ours("├ "), ours("│ "))
            waiting.append((child, joined((beneath, lead)), part(joined((beneath, below)), -GUIDE_KEPT)))
    return nodes
