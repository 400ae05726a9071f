"""What a run has cost, where an agent counts it with the run's end: tokens of the run, dollars of its whole process."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.content import Usage
from cockpit.model.events import RunSettled
from cockpit.model.fleet import Agent


def spent(agent: Agent, event: RunSettled) -> Agent:
    """Return the agent with what the end of a run adds to its sums.

    Its dollars are those of its process so far, so that only what is new of them is added; a sum that went down is of a
    process whose start nobody saw.
    """
    usage = agent.usage + event.usage if event.usage is not None else agent.usage
    if event.cost_so_far is None:
        return replace(agent, usage=usage) if event.usage is not None else agent
    so_far = max(0.0, event.cost_so_far)
    new = so_far - agent.process_cost if so_far >= agent.process_cost else so_far
    return replace(agent, usage=usage + Usage(cost=new), process_cost=so_far)
