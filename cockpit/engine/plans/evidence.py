"""What an agent's own output says of a task that was handed to it: the one truth that every cockpit can read."""

from __future__ import annotations

from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.model.board import Task
from cockpit.model.fleet import Agent
from cockpit.model.hand_over import hands_over
from cockpit.model.ids import AgentId
from cockpit.model.plan.marks import GIVING, Given, given_in
from cockpit.model.plan.schedule import Arrival
from cockpit.model.receipts.stages import is_ended
from cockpit.model.transcript.entry import EntryKind

GRACE = 15.0
"""Seconds after the last change of a task within which what is not in the output may still be on its way."""

_TOLD = (EntryKind.USER, EntryKind.STEER, EntryKind.FOLLOW_UP)


class HandOverEvidence:
    """Looks into the transcripts of one source's agents."""

    def __init__(self, fleet_state: FleetState, running: RunningSource) -> None:
        self._fleet_state = fleet_state
        self._running = running

    def delivery(self, task: Task) -> Arrival:
        """Return what is known of a task that was given to somebody."""
        given = given_in(task)
        agent = self._fleet_state.agents.get(given.agent) if given is not None else None
        if given is None or agent is None:
            return Arrival.UNKNOWN
        entries = tuple(self._fleet_state.transcript(agent.id).entries())
        replaced = agent.line < given.line  # its output began anew since
        below = (entry for entry in entries if entry.line > given.line or (replaced and entry.epoch == agent.epoch))
        if any(entry.kind in _TOLD and hands_over(entry.text, task) for entry in below):
            return Arrival.READ
        if any(hands_over(text, task) for text in (*agent.activity.steering, *agent.activity.follow_up)):
            return Arrival.QUEUED
        if GIVING not in task.tags and self._forgotten(agent, given):
            return Arrival.READ
        return Arrival.NEVER if self._is_surely_not_there(agent, task) else Arrival.UNKNOWN

    def _forgotten(self, agent: Agent, given: Given) -> bool:
        """Say whether a transcript begins too late to have the text still, although the agent has gone on since."""
        oldest = next(self._fleet_state.transcript(agent.id).entries(), None)
        return oldest is not None and oldest.epoch == agent.epoch and given.line + 1 < oldest.line <= agent.line

    def _is_surely_not_there(self, agent: Agent, task: Task) -> bool:
        underway = any(
            receipt.agent == agent.id and not is_ended(receipt) and hands_over(receipt.text, task)
            for receipt in self._fleet_state.receipts.values()
        )
        old = self._fleet_state.clock.now() - task.updated_at > GRACE
        return old and not underway and agent.id in self._running.agent_sessions.read_to_the_end()

    def gone(self, task: Task) -> AgentId | None:
        """Return the agent that a task was given to if it is on no list, and no VM is left that it may be on."""
        given = given_in(task)
        if given is None or given.agent in self._fleet_state.agents or not self._lists_are_whole():
            return None
        on_a_vm = any(given.agent.startswith(vm_id) for vm_id in self._fleet_state.vms)
        return None if on_a_vm else given.agent

    def _lists_are_whole(self) -> bool:
        if not self._running.watcher.first_look.is_set():
            return False
        known = [self._fleet_state.health.get(name) for name in self._running.services[:2]]
        return all(health is not None and health.ok and not health.unreadable for health in known)
