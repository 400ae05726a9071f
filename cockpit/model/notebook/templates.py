"""Texts with places for an agent's values, such as `{name}`; what is no value of an agent stays as it was written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.model.board import Task
from cockpit.model.fleet import Agent

WORD = "t:"
"""Begins the word behind `/` that stands for a template."""

_PLACE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A text to begin with."""

    name: str
    """Of its file, without `.md`."""
    text: str

    @property
    def heading(self) -> str:
        """Its first line that says something, for lists."""
        return next((line.strip("# \t") for line in self.text.splitlines() if line.strip("# \t")), "")


def values_of(agent: Agent, tasks: tuple[Task, ...] = ()) -> dict[str, str]:
    """Return the values of an agent that a template may name.

    Args:
        agent: whose.
        tasks: those of the board; `{task}` is the one that it works on.
    """
    mine = [task for task in tasks if task.assignee == agent.name and task.status != "done"]
    task = next((one for one in mine if one.status == "in_progress"), mine[0] if mine else None)
    workspace = agent.workspace
    return {
        "name": agent.name,
        "kind": agent.kind.value,
        "role": agent.role,
        "parent": agent.parent,
        "labels": ", ".join(agent.labels),
        "model": agent.model,
        "program": agent.program,
        "vm": agent.vm_id,
        "task": task.title if task is not None else "",
        "branch": workspace.branch if workspace is not None else "",
        "last": agent.last_text,
    }


def filled(text: str, values: Mapping[str, str]) -> str:
    """Put an agent's values into a text; `{what}` that is no value, or has none, stays."""
    return _PLACE.sub(lambda place: values.get(place[1], "") or place[0], text)
