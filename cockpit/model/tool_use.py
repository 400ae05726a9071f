"""Events of an agent's tools: begun, writing, ended (badlogic/pi-mono, packages/coding-agent/docs/rpc.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """`tool_execution_start`. Calls of one message run in parallel."""

    call_id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """`tool_execution_update`: a snapshot of the output so far, not a delta (after truncation a sliding tail)."""

    call_id: str
    text: str
    name: str = ""
    beside: bool = False
    """It is what a sub-agent is at that the call began: it may work on after the call, and after the run."""
    tokens: int = 0
    """Of a sub-agent: what it has used so far; 0 where that is not said here."""
    calls: int = 0
    """Of a sub-agent: the tool calls it has made so far; 0 where that is not said here."""


@dataclass(frozen=True, slots=True)
class ToolEnded:
    """`tool_execution_end`, in completion order."""

    call_id: str
    name: str
    text: str
    is_error: bool = False
    diff: str = ""
    """A unified diff, for edits."""
    exit_code: int | None = None
    """Of a shell command, where the agent says it (pi 1.6)."""
    duration: float | None = None
    """Seconds, where the agent says it (pi 1.6)."""


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """Work began that goes on beside the run, and perhaps behind its end: a command or a sub-agent."""

    task_id: str
    what: str
    """In words of the agent."""
    call_id: str = ""
    """The tool call that began it."""
    sub_agent: str = ""
    """Of a sub-agent: the word for its kind; empty for a command."""


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """Such work ended, in whatever way."""

    task_id: str
    status: str
    """In the agent's word: `completed`, `failed`, `stopped`."""
    what: str = ""
    sub_agent: bool = False
    """It was a sub-agent."""
    tokens: int = 0
    """Of a sub-agent: what it has used."""
    calls: int = 0
    """Of a sub-agent: the tool calls it has made."""
    duration: float | None = None
    """Seconds it took, where that is said."""
