"""Looks at copies of one agent side by side: last answer, difference from what they started from, cost and time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from cockpit.agents.workspace.start import Spent, spent_in
from cockpit.engine.changes.workspaces import Workspaces
from cockpit.engine.line_tail import LineTail
from cockpit.engine.operation import describe
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError, NotFound, Refused
from cockpit.model.changes.report import Base, Changes, Since
from cockpit.model.changes.written import written
from cockpit.model.comparison import Candidate
from cockpit.model.events import MessageEnded
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId, VmId
from cockpit.model.transcript.answers import AnswerPicker
from cockpit.model.why import headline

LOOK_LIMIT = 45.0
"""Seconds the look at one VM may take."""

PATCH_CHARACTERS = 65_536
"""How much of the difference is told."""


class Comparison:
    """Implements `cockpit.engine.port.ComparisonPort`."""

    def __init__(
        self,
        fleet_state: FleetState,
        tail: LineTail,
        workspaces: Workspaces,
    ) -> None:
        self._fleet_state = fleet_state
        self._tail = tail
        self._workspaces = workspaces

    async def look(self, agents: Sequence[AgentId]) -> tuple[Candidate, ...]:
        """Return what each agent came to, in their order; what could not be looked at is said of each."""
        return tuple(await asyncio.gather(*(self._candidate(agent) for agent in agents)))

    async def answer(self, agent_id: AgentId) -> str:
        """Return an agent's last answer in full, as its output on the VM has it; empty text if there is none.

        Raises:
            CockpitError: its VM cannot be reached.
        """
        return await self._answer_since(agent_id, Spent())

    async def _answer_since(self, agent_id: AgentId, spent: Spent) -> str:
        """Return the last answer after a place in the output: what was said before a copy was made is not its own."""
        agent = self._agent(agent_id)
        picker, last = AnswerPicker(), ""
        async for line in self._tail.lines(agent, follow=False):
            found = picker.take(line.record)
            own = found is not None and (found.epoch, found.line) > (spent.epoch, spent.line)
            if own and found is not None and isinstance(found.event, MessageEnded):
                last = found.event.text
        return last

    def _agent(self, agent_id: AgentId) -> Agent:
        agent = self._fleet_state.agents.get(agent_id)
        if agent is None:
            raise NotFound(f"there is no agent {agent_id}")
        return agent

    async def _candidate(self, agent_id: AgentId) -> Candidate:
        unknown: list[str] = []
        answer, difference = "", None
        try:
            async with asyncio.timeout(LOOK_LIMIT):
                try:
                    difference = await self._difference(agent_id)
                except CockpitError as error:
                    unknown.append(describe(error))
                spent = spent_in(difference.spent) if difference is not None else None
                answer = await self._answer_since(agent_id, spent or Spent())
        except TimeoutError:
            unknown.append(f"it did not answer within {LOOK_LIMIT:.0f} s")
        except CockpitError as error:
            unknown.append(describe(error))
        agent = self._fleet_state.agents.get(agent_id)
        if agent is None:
            return Candidate(agent_id, agent_id, VmId(""), "gone", answer, 0, 0.0, unknown="it is gone")
        vm = self._fleet_state.vms.get(agent.vm_id)
        state = headline(agent, vm, self._fleet_state.clock.now()).word
        known = Candidate(agent_id, agent.name, agent.vm_id, state, answer, agent.usage.tokens, agent.usage.cost)
        return _with(known, difference, agent, "; ".join(unknown))

    async def _difference(self, agent_id: AgentId) -> Changes:
        found = await self._workspaces.look(agent_id, Base(Since.START))
        if not found.start_at or spent_in(found.spent) is None:
            raise Refused("the difference of its files is not known: no branch point was marked")
        if faults := "; ".join(f"{one.place}: {one.fault}" for one in found.repositories if one.fault):
            raise Refused(f"the difference of its files is not known: {faults}")
        return found


def _with(candidate: Candidate, found: Changes | None, agent: Agent, unknown: str) -> Candidate:
    if found is None:
        return replace(candidate, unknown=unknown)
    spent = spent_in(found.spent) or Spent()
    until = found.vm_now if agent.run_open else max(found.start_at, found.wrote_at)
    # An agent that answers an abort, or a question of ours, writes too: its work ended before.
    if not agent.run_open and found.start_at <= (agent.last_work_at or 0.0) < until:
        until = agent.last_work_at or until
    patch, cut = written(found, PATCH_CHARACTERS)
    return replace(
        candidate,
        tokens=max(0, candidate.tokens - spent.tokens),
        cost=max(0.0, candidate.cost - spent.cost),
        seconds=max(0.0, until - found.start_at),
        files=found.files,
        added=found.added,
        removed=found.removed,
        patch=patch,
        cut=cut,
        unknown=unknown,
    )
