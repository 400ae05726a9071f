"""What of an agent is open: tool calls that run, work beside its run, questions that wait for the operator."""

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
    call: str = ""
    """Of work beside a run: the call that began it."""
    doing: str = ""
    """Of a sub-agent: what it does now, one line."""


@dataclass(frozen=True, slots=True)
class OpenDialog:
    """A question that waits for the operator."""

    request: DialogRequested
    since: float
    gates: tuple[str, ...] = ()
    """The tool calls that were open when it asked: when all of them have ended, nobody waits for it any more."""
