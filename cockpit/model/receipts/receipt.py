"""What became of one command: the stages it came through, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cockpit.model.ids import AgentId, CommandId


class Stage(StrEnum):
    """How far a command has come; never from hope, always from evidence."""

    PENDING = "pending"
    """In the outbox, not yet on the VM."""
    WRITTEN = "written"
    """In the agent's FIFO."""
    ACCEPTED = "accepted"
    """The agent answered with our id."""
    QUEUED = "queued"
    STEERING = "steering"
    CONSUMED = "consumed"
    """The text appeared in the agent's stream as a user message."""
    DONE = "done"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    """The link dropped between writing and the answer; it is not resent by itself."""
    DISMISSED = "dismissed"
    """It failed or is unconfirmed, and the operator wants to hear no more of it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one command."""

    id: CommandId
    agent: AgentId | None
    verb: str
    """`prompt`, `steer`, `follow-up`, `abort`, `answer`, `pause` ..."""
    text: str
    stage: Stage
    created_at: float
    stages: tuple[tuple[Stage, float], ...] = ()
    reason: str = ""
    """Why it failed or is unconfirmed."""
    place: tuple[int, int] | None = None
    """Epoch and line of the agent's output that its sender had read before writing: only what comes after counts."""
    images: tuple[str, ...] = ()
    """The images that go with the text, as they were named: paths here, or `vm:` and a path on the agent's VM."""
    read_at: tuple[int, int] | None = field(default=None, compare=False)
    """Epoch and line of the user message that the text became; None while it was not read, or where that is unknown.
    It is judged anew by each process and not stored."""
