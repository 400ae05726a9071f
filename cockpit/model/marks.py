"""Which agents are marked, so that one act is done to all of them, and what became of it at each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.receipts.receipt import Receipt, Stage

TEXTS = ("prompt", "steer", "follow-up")
"""Verbs of commands that have done what was ordered once the agent has the text: what it makes of it takes long."""

_HAS_IT = (Stage.ACCEPTED, Stage.QUEUED, Stage.STEERING, Stage.CONSUMED, Stage.DONE)
_AMISS = {Stage.FAILED: "failed", Stage.UNCONFIRMED: "it is not known whether it arrived", Stage.DISMISSED: "failed"}


@dataclass(frozen=True, slots=True)
class AgentMarks:
    """Agents in the order in which they were marked; whoever an act failed at stays, with the reason."""

    agents: tuple[AgentId, ...] = ()
    failed: Mapping[AgentId, str] = field(default_factory=dict)
    """Why the last act failed at those that are still marked for it."""
    pending: Mapping[CommandId, AgentId] = field(default_factory=dict)
    """What was ordered of whom and is not over."""

    def toggled(self, agent: AgentId) -> AgentMarks:
        """Mark an agent, or take its mark away."""
        if agent not in self.agents:
            return replace(self, agents=(*self.agents, agent))
        left = tuple(one for one in self.agents if one != agent)
        return replace(self, agents=left, failed=_without(self.failed, (agent,)))

    def ordered(self, orders: Mapping[CommandId, AgentId], refused: Mapping[AgentId, str]) -> AgentMarks:
        """Take that something was ordered of agents, marked or not, and why it was not of others: they are marked."""
        again = {*orders.values(), *refused}
        return replace(
            self,
            agents=(*self.agents, *(agent for agent in refused if agent not in self.agents)),
            failed={**_without(self.failed, again), **refused},
            pending={**self.pending, **orders},
        )

    def taken_in(self, fleet: Fleet) -> AgentMarks:
        """Return the marks as the receipts have it.

        Whoever it was done to is marked no more, nor whoever is gone; whoever it failed at is, marked before or not.
        """
        if not (self.agents or self.pending):
            return self
        there = {agent.id for agent in fleet.agents}
        done = {agent for agent in self.agents if agent not in there}
        failed, pending = dict(self.failed), dict(self.pending)
        for receipt in fleet.receipts if pending else ():
            agent = pending.get(receipt.id)
            if agent is None:
                continue
            if has_done(receipt):
                done.add(agent)
            elif receipt.stage in _AMISS:
                failed[agent] = receipt.reason or _AMISS[receipt.stage]
            else:
                continue
            del pending[receipt.id]
        if (failed, pending) == (self.failed, self.pending) and not done:
            return self
        marked = dict.fromkeys((*self.agents, *(agent for agent in failed if agent in there)))
        return AgentMarks(tuple(one for one in marked if one not in done), _without(failed, done), pending)

    def among(self, fleet: Fleet) -> tuple[Agent, ...]:
        """Return the marked agents of a fleet, in the order in which they were marked."""
        known = {agent.id: agent for agent in fleet.agents}
        return tuple(known[agent] for agent in self.agents if agent in known)


def has_done(receipt: Receipt) -> bool:
    """Say whether a command has done what was ordered."""
    return receipt.stage is Stage.DONE or (receipt.verb in TEXTS and receipt.stage in _HAS_IT)


def _without(reasons: Mapping[AgentId, str], agents: Iterable[AgentId]) -> dict[AgentId, str]:
    left = set(agents)
    return {agent: reason for agent, reason in reasons.items() if agent not in left}
