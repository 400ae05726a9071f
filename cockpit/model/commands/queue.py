"""Commands about what waits in an agent's queues."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cockpit.model.ids import AgentId
from cockpit.model.queue import QueueKind


class QueueAct(StrEnum):
    """What is done with the queues."""

    CLEAR = "clear"
    """Take all out: none of it is read."""
    TAKE = "take"
    """Take one text out and give it back to the operator; the others stay in their order."""
    STEER = "steer"
    """Turn a follow-up into a steer; the others stay in their order."""


@dataclass(frozen=True, slots=True)
class ChangeQueue:
    """Change what waits in an agent's queues."""

    agent: AgentId
    act: QueueAct
    kind: QueueKind = QueueKind.FOLLOW_UP
    """The queue of the text that is meant; nothing where all are."""
    text: str = ""
    """The text that is meant, as the agent shows it: of equal ones the oldest. Empty where all are."""


QueueCommand = ChangeQueue
