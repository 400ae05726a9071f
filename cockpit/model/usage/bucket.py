"""Buckets: charges of one agent and one model, summed up over a short time."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.content import Usage
from cockpit.model.ids import AgentId, TaskId

QUARTER = 900.0
"""Seconds of a bucket: the days of every time zone begin at one."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was spent in one of them."""

    agent: AgentId | None
    """Who spent it; None where a service tells of somebody whom this cockpit does not know."""
    name: str
    """How the spender is called where no id is known."""
    at: float
    """Unix seconds of its beginning."""
    model: str
    provider: str
    usage: Usage
    answers: int = 0
    whole: bool = True
    """All of them told all that they cost."""
    exact: bool = True
    """It was read in the agents' own output; a service told the rest."""


@dataclass(frozen=True, slots=True)
class TaskBucket:
    """What an agent spent while it was on a task."""

    task: TaskId
    title: str
    agent: AgentId
    usage: Usage
    answers: int = 0
    whole: bool = True
