"""A command of several steps, each with its times in unix seconds."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.ids import AgentId, OperationId, VmId


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an operation."""

    name: str
    started_at: float
    ended_at: float | None = None
    error: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What became of one target of a command that has many."""

    target: str
    """The name of the agent, as it was when the command was given."""
    vm: VmId | None
    outcome: str
    """One word of the command's own, such as `stopped`, `frozen` or `deleted`."""
    words: str = ""
    """The evidence for it, or the reason."""
    exit_code: int | None = None
    """Of a command that was run there, once it ended."""
    seconds: float | None = None
    """How long that took."""
    output: str = ""
    """What that said, as far as it is kept."""


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
    parts: tuple[Part, ...] = ()
    """What became of each target, of a command that has many."""
