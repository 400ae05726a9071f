"""What an agent's values are in words: for a column, and as variables for the operator's own commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cockpit.model.filters.agents import AgentView, context_part
from cockpit.model.why import headline

LONGEST = 2000
"""Characters of a value that a variable holds."""

PREFIX = "COCKPIT_"


def _task(view: AgentView) -> str:
    return view.tasks[0].title if view.tasks else ""


def _task_id(view: AgentView) -> str:
    return view.tasks[0].id if view.tasks else ""


def _changes(view: AgentView) -> str:
    known = view.agent.workspace
    return f"+{known.added} -{known.removed}" if known is not None and known.files else ""


def _context(view: AgentView) -> str:
    part = context_part(view.agent)
    return f"{part:.0f}%" if part is not None else ""


def _branch(view: AgentView) -> str:
    return view.agent.workspace.branch if view.agent.workspace is not None else ""


def _repository(view: AgentView) -> str:
    return view.agent.workspace.repository if view.agent.workspace is not None else ""


FIELDS: Mapping[str, Callable[[AgentView], str]] = {
    "name": lambda view: view.agent.name,
    "id": lambda view: view.agent.id,
    "kind": lambda view: view.agent.kind.value,
    "state": lambda view: headline(view.agent, view.vm, view.now).word,
    "task": _task,
    "task_id": _task_id,
    "repository": _repository,
    "branch": _branch,
    "changes": _changes,
    "model": lambda view: view.agent.model,
    "provider": lambda view: view.agent.provider,
    "thinking": lambda view: view.agent.thinking,
    "context": _context,
    "cost": lambda view: f"{view.agent.usage.cost:.2f}",
    "tokens": lambda view: f"{view.agent.usage.tokens}",
    "turns": lambda view: f"{view.agent.turns}",
    "labels": lambda view: ",".join(view.agent.labels),
    "role": lambda view: view.agent.role,
    "parent": lambda view: view.above[0] if view.above else "",
    "program": lambda view: view.agent.program,
    "version": lambda view: view.agent.version,
    "vm": lambda view: view.agent.vm_id,
    "power": lambda view: view.vm.power.value if view.vm is not None else "unknown",
    "link": lambda view: view.agent.link.state.value,
    "source": lambda view: view.agent.source,
    "directory": lambda view: view.agent.directory,
    "said": lambda view: view.agent.last_text,
}
"""The fields of an agent by name."""


def variables_of(view: AgentView) -> dict[str, str]:
    """Return an agent's values as variables: `COCKPIT_NAME`, `COCKPIT_TASK_ID` …

    They are data, and stand in the environment only: no word of an agent becomes a part of a command.
    """
    return {PREFIX + name.upper(): _bare(read(view)) for name, read in FIELDS.items()}


def _bare(text: str) -> str:
    """Return a text that may stand in an environment: without the character that would end it, and bounded."""
    return text.replace("\0", "")[:LONGEST].encode("utf-8", "replace").decode("utf-8")
