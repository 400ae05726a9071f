"""The agents as a tree: who works for whom, with the lines that lead there, and who is folded away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from cockpit.model.family import descendants_of, parents_of
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.model.ordering import Rank, SortOrder, ranks
from cockpit.text.clean import NOTHING, Clean, joined, ours, part

GUIDE_KEPT = 8
"""Characters of the lines above an agent that are kept: claims of others must not make rows of any length."""


@dataclass(frozen=True, slots=True)
class TreeNode:
    """An agent and where it stands in the tree."""

    agent: Agent
    guide: Clean
    """The lines that lead to it: `├ `, `│ └ `."""
    folded: tuple[Agent, ...] = ()
    """Those below it that are not shown."""
    leads: bool = False
    """Somebody stands below it."""


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
            nodes.append(TreeNode(agent, guide, hidden))
            continue
        below_it = children.get(agent.id, ())
        nodes.append(TreeNode(agent, guide, leads=bool(below_it)))
        for number, child in enumerate(below_it):
            last = number == 0
            lead, below = (ours("└ "), ours("  ")) if last else (ours("├ "), ours("│ "))
            waiting.append((child, joined((beneath, lead)), part(joined((beneath, below)), -GUIDE_KEPT)))
    return nodes
