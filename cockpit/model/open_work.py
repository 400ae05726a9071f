"""What of an agent is open: tool calls that run, tasks beside its run, questions that wait for the operator."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.extensions import DialogRequested


@dataclass(frozen=True, slots=True)
class OpenTool:
    """A tool call that is running."""

    call_id: str
    name: str
    summary: str
    """The command or path it works on, one line."""
    since: float


@dataclass(frozen=True, slots=True)
class OpenTask:
    """Work beside a run, which may go on behind its end: a command, or a sub-agent."""

    task_id: str
    what: str
    """In the agent's words, one line."""
    since: float
    call_id: str = ""
    """The tool call that began it."""
    sub_agent: str = ""
    """Of a sub-agent: the word for its kind; empty for a command."""
    doing: str = ""
    """Of a sub-agent: what it does now, one line."""
    tokens: int = 0
    """Of a sub-agent: what it has used so far, as it said last."""
    calls: int = 0
    """Of a sub-agent: the tool calls it has made so far."""
    heard_at: float = 0.0
    """When it last said something."""


@dataclass(frozen=True, slots=True)
class OpenDialog:
    """A question that waits for the operator."""

    request: DialogRequested
    since: float
    gates: tuple[str, ...] = ()
    """The tool calls that were open when it asked: when all of them have ended, nobody waits for it any more."""
