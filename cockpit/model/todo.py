"""What an agent means to do, step by step, as the calls of its own tools tell it; such a call holds the whole list."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cockpit.model.reduce.tools import one_line

MOST = 100
"""Steps that are kept."""
LONGEST = 200
"""Characters of a step that are kept."""

TOOLS = ("todo", "plan")
"""Parts of the names of tools whose calls hold such a list: `TodoWrite`, `update_plan`, `todo`."""
LISTS = ("todos", "plan", "items", "steps", "tasks")
TEXTS = ("content", "text", "step", "title", "subject", "description")
STATES = ("status", "state")


class StepState(StrEnum):
    """How far a step is."""

    DONE = "done"
    NOW = "now"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step."""

    text: str
    state: StepState = StepState.OPEN


_WORDS = {
    "completed": StepState.DONE,
    "complete": StepState.DONE,
    "done": StepState.DONE,
    "in_progress": StepState.NOW,
    "in-progress": StepState.NOW,
    "active": StepState.NOW,
}


def steps_in(name: str, arguments: Any) -> tuple[PlannedStep, ...] | None:
    """Return the steps that a tool call sets; None where it sets none, an empty tuple where it takes all away."""
    if not any(word in name.lower() for word in TOOLS) or not isinstance(arguments, dict):
        return None
    listed = next((arguments[key] for key in LISTS if isinstance(arguments.get(key), list)), None)
    if listed is None:
        return None
    found = [step for entry in listed[:MOST] if (step := _step(entry)) is not None]
    return tuple(found) if found or not listed else None


def _step(entry: Any) -> PlannedStep | None:
    if isinstance(entry, str):
        text = one_line(entry, LONGEST)
        return PlannedStep(text) if text else None
    if not isinstance(entry, dict):
        return None
    text = next((entry[key] for key in TEXTS if isinstance(entry.get(key), str) and entry[key].strip()), "")
    if not text:
        return None
    word = next((entry[key] for key in STATES if isinstance(entry.get(key), str)), "")
    state = StepState.DONE if entry.get("done") is True else _WORDS.get(word.lower(), StepState.OPEN)
    return PlannedStep(one_line(text, LONGEST), state)
