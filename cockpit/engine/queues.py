"""What waits in the queues of agents, each text with the receipt it has here."""

from __future__ import annotations

from dataclasses import replace

from cockpit.engine.state import FleetState
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.queue import QueueKind, Waiting, waiting_in
from cockpit.model.receipts.receipt import Stage
from cockpit.model.receipts.receipts import ReceiptBook

KINDS = {Stage.STEERING: QueueKind.STEER, Stage.QUEUED: QueueKind.FOLLOW_UP}
"""The queue that each stage of a receipt means."""


class Queues:
    """Implements `cockpit.engine.port.QueuePort`."""

    def __init__(self, fleet_state: FleetState, book: ReceiptBook) -> None:
        self._fleet_state = fleet_state
        self._book = book

    def waiting(self, agent: AgentId) -> tuple[Waiting, ...]:
        """Return what waits in an agent's queues, steers first, each queue in the order in which it is read."""
        known = self._fleet_state.agents.get(agent)
        if known is None:
            return ()
        owners = [(KINDS[stage], text, owner) for stage, text, owner in self._book.owners(agent)]
        found: list[Waiting] = []
        for one in waiting_in(known):
            same = next((other for other in owners if other[:2] == (one.kind, one.text.strip())), None)
            owner: CommandId | None = None
            if same is not None:
                owners.remove(same)
                owner = same[2]
            found.append(replace(one, command=owner))
        return tuple(found)
