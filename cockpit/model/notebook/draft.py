"""A text that is written to an agent and not sent, and one that was."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.ids import AgentId, CommandId


@dataclass(frozen=True, slots=True)
class Draft:
    """What is written to one agent and not sent yet."""

    text: str = ""
    mode: str = ""
    """`prompt`, `steer` or `follow-up` if the operator chose it; empty follows the agent's state."""
    taken_back: tuple[CommandId, ...] = ()
    """The commands whose texts were taken back into it."""


NO_DRAFT = Draft()


@dataclass(frozen=True, slots=True)
class Sent:
    """A text that was sent."""

    agent: AgentId
    text: str
    at: float
    """Unix seconds."""
