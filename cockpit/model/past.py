"""What the history says of the past: the agents it remembers, and the lines that a search finds in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cockpit.model.ids import AgentId, VmId


@dataclass(frozen=True, slots=True)
class RememberedAgent:
    """An agent of which something is recorded; it may no longer exist."""

    id: AgentId
    name: str
    vm_id: VmId
    created_at: float
    """Unix seconds."""

    def is_meant_by(self, identifier: str) -> bool:
        """Say whether a text is this agent's own id or that of its VM."""
        return identifier == self.id or identifier.lower() == self.vm_id


def remembered_as(identifier: str, known: Iterable[RememberedAgent]) -> list[RememberedAgent]:
    """Return the agents a text means: the one with this id, or with a VM of this id, else all with this name."""
    agents = list(known)
    return [one for one in agents if one.is_meant_by(identifier)] or [one for one in agents if one.name == identifier]


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A line of some agent that holds the searched words; the agent may no longer exist."""

    agent: AgentId
    epoch: int
    line: int
    at: float
    source: str
    """`prompt`, `answer`, `tool`, `output`, `question` or `error`."""
    excerpt: str
    """The text around the match, as the agent wrote it: not yet sanitised."""
    spans: tuple[tuple[int, int], ...]
    """The matched parts of the excerpt: (start, end) in characters."""
