"""Answers as agents' outputs tell them, for the tests of usage: their costs are known from how they were made."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.content import Usage
from cockpit.model.events import Event, MessageEnded, Record
from cockpit.model.ids import AgentId

ADA, BOB = AgentId("aaaaaaaa-0000-4000-8000-000000000001"), AgentId("bbbbbbbb-0000-4000-8000-000000000001")
NOON = 1_800_000_000.0
"""A moment to count from."""


@dataclass(frozen=True)
class Said:
    """One answer, and what it cost."""

    at: float
    tokens: int
    cost: float
    model: str = "m1"

    def event(self) -> MessageEnded:
        """Return the line that tells it."""
        usage = Usage(self.tokens, 1, 0, 0, self.cost)
        return MessageEnded("assistant", usage=usage, stop_reason="stop", model=self.model, said_at=self.at)


def record(event: Event, agent: AgentId = ADA, *, epoch: int = 1, line: int = 1, at: float = NOON) -> Record:
    """Return a line of an agent's output."""
    return Record(agent, epoch, line, line * 100, line * 100 + 99, at, event)
