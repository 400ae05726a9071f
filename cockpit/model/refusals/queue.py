"""Why a change of an agent's queues is refused."""

from __future__ import annotations

from cockpit.model.commands.queue import ChangeQueue, QueueAct
from cockpit.model.fleet import Fleet
from cockpit.model.queue import QueueKind, waiting_in
from cockpit.model.refusals.agent import unreachable
from cockpit.model.refusals.grounds import NO_AGENT, Refusal, RefusalCode


def to_queue(command: ChangeQueue, fleet: Fleet) -> Refusal | None:
    """Return why a change of the queues would be refused now, or None."""
    agent = fleet.agent(command.agent)
    if agent is None:
        return NO_AGENT
    if refused := unreachable(agent, fleet):
        return refused
    waiting = [(one.kind, one.text) for one in waiting_in(agent)]
    if not waiting:
        return Refusal(RefusalCode.ALREADY, f"nothing waits in {agent.name}'s queue")
    if command.act is QueueAct.CLEAR:
        return None
    if (command.kind, command.text) not in waiting:
        return Refusal(RefusalCode.NOT_WAITING, f"that text waits no longer in {agent.name}'s queue")
    if command.act is QueueAct.STEER and command.kind is QueueKind.STEER:
        return Refusal(RefusalCode.ALREADY, "it is a steer already")
    return None
