"""Commands about the workspace of an agent."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.ids import AgentId


@dataclass(frozen=True, slots=True)
class RestoreFiles:
    """Make the files of a workspace what they were when a state of it was kept; what they are now is kept first.

    Branch and commits stay as they are.
    """

    agent: AgentId
    snapshot: str
    """The key of the state that was named to the operator."""
    now: bool = False
    """Also while the agent works: it does not know that its files change."""


@dataclass(frozen=True, slots=True)
class BeginTask:
    """Say that a task begins now: what the workspace changes is told since then."""

    agent: AgentId


WorkCommand = RestoreFiles | BeginTask
