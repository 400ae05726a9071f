"""What a run has cost, where an agent counts it with the run's end: of the run alone, or of its process so far."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.content import Usage
from cockpit.model.events import RunSettled
from cockpit.model.fleet import Agent


def spent(agent: Agent, event: RunSettled) -> Agent:
    """Return the agent with what the end of a run adds to its sums.

    Of what its process used so far only what is new is added. A process that forgot what it had used began anew, though
    nobody saw its start.
    """
    if event.context_window > 0:
        agent = replace(agent, context_window=event.context_window)
    if event.usage is not None:
        agent = replace(agent, usage=agent.usage + event.usage)
    if not event.so_far:
        return agent
    so_far = sum((one.usage for one in event.so_far), Usage())
    return replace(agent, usage=agent.usage + since(so_far, agent.process_usage), process_usage=so_far)


def since(so_far: Usage, before: Usage) -> Usage:
    """Return what a process used since it told last, given both its sums; all of it if any of them fell."""
    left = Usage(
        so_far.input - before.input,
        so_far.output - before.output,
        so_far.cache_read - before.cache_read,
        so_far.cache_write - before.cache_write,
        so_far.cost - before.cost,
    )
    fell = min(left.input, left.output, left.cache_read, left.cache_write) < 0 or left.cost < 0
    return so_far if fell else left
