"""A command of several steps, each with its times in unix seconds."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.ids import AgentId, OperationId


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an operation."""

    name: str
    started_at: float
    ended_at: float | None = None
    error: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """A command of several steps, each step with its time as it happens."""

    id: OperationId
    verb: str
    target: str
    started_at: float
    steps: tuple[Step, ...] = ()
    ended_at: float | None = None
    error: str = ""
    hint: str = ""
    agent: AgentId | None = None
