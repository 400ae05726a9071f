"""Sub-agents: what an agent made within its own process, for one task; nothing of theirs is a thing of the fleet.

They stand below their agent while their task goes on, and have neither VM nor process nor ears of their own: each order
to one is refused with what stands against it, and who is to be told instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cockpit.model.ages import span_text
from cockpit.model.fleet import ActivityState, Agent, Fleet, Vm
from cockpit.model.ids import AgentId
from cockpit.model.open_work import OpenTask
from cockpit.model.why import Headline, headline, why

APART = "\n"
"""What parts the two ids of a key: it is in no id of an agent."""

TALK, PLACE, OTHER = "talk", "place", "other"
"""What an order wants of an agent: its ear, what it lives on, or anything else."""


@dataclass(frozen=True, slots=True)
class SubAgent:
    """A sub-agent at work, and whose it is."""

    agent: Agent
    task: OpenTask

    @property
    def key(self) -> str:
        """What it is known by among all rows."""
        return f"{self.agent.id}{APART}{self.task.task_id}"


def sub_agents_of(agent: Agent) -> tuple[SubAgent, ...]:
    """Return the sub-agents of an agent that are at work, the oldest first."""
    return tuple(SubAgent(agent, task) for task in agent.background if task.sub_agent)


def owner_of(key: str) -> AgentId:
    """Return the agent that a key stands for, or the one whose sub-agent it stands for."""
    return AgentId(key.partition(APART)[0])


def sub_agent_at(key: str, fleet: Fleet) -> SubAgent | None:
    """Return the sub-agent that a key stands for; None where it stands for none, or for one whose task has ended."""
    agent = fleet.agent(owner_of(key)) if APART in key else None
    return next((one for one in sub_agents_of(agent) if one.key == key), None) if agent is not None else None


def sub_agent_called(name: str, agents: Iterable[Agent]) -> SubAgent | None:
    """Return the sub-agent with an id, or the only one whose task is called so; None where there is none."""
    everyone = [one for agent in agents for one in sub_agents_of(agent)]
    found = [one for one in everyone if one.task.task_id == name] or [one for one in everyone if one.task.what == name]
    return found[0] if len(found) == 1 else None


def state_of(sub_agent: SubAgent, vm: Vm | None, now: float) -> Headline:
    """Return what the list shows: it works, unless what it lives in cannot, or nobody knows."""
    agent = sub_agent.agent
    working = replace(agent, activity=replace(agent.activity, state=ActivityState.WORKING))
    return headline(working, vm, now)


def why_of(sub_agent: SubAgent, vm: Vm | None, now: float) -> tuple[str, ...]:
    """Return the evidence for what the list shows, in plain sentences, the most telling first."""
    agent, task = sub_agent.agent, sub_agent.task
    doing = f": {task.doing}" if task.doing else ""
    sentences = [
        f"Working for {span_text(now - task.since)}{doing}.",
        f"A sub-agent ({task.sub_agent}) that {agent.name} made for this task: it is gone when the task has ended.",
    ]
    if task.heard_at:
        sentences.append(f"It last said what it does {span_text(now - task.heard_at)} ago.")
    if task.tokens or task.calls:
        sentences.append(f"It has used {task.tokens} tokens and made {_counted(task.calls, 'tool call')} so far.")
    sentences.append(f"It lives in the process of {agent.name}, and what it costs is in the sums of {agent.name}.")
    head = state_of(sub_agent, vm, now)
    if head.tone != "running":
        sentences += [f"{agent.name}: {said}" for said in why(agent, vm, now)]
    return tuple(sentences)


def refusal_of(sub_agent: SubAgent, wants: str) -> str:
    """Say why an order to a sub-agent is refused, and whom to go to.

    Args:
        sub_agent: which one.
        wants: what the order wants of it (`TALK`, `PLACE`, `OTHER`).
    """
    agent, what = sub_agent.agent.name, sub_agent.task.what
    lacking = {
        TALK: f"it reads nothing from here: write to {agent}, or abort {agent}",
        PLACE: f"it has no VM and no process of its own, it lives in those of {agent}",
    }.get(wants, f"go to {agent} for that")
    return f"“{what}” is a sub-agent of {agent}: {lacking}"


def _counted(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"
