"""An action as it is offered to be chosen or typed: what it is called, what it does, and why not now."""

from __future__ import annotations

from dataclasses import dataclass

OWN = "Own commands"
"""The group of the operator's own."""


@dataclass(frozen=True, slots=True)
class OfferedAction:
    """One thing the operator can do where he is."""

    id: str
    label: str
    group: str
    description: str
    keys: str
    """For people, the operator's own if there are any; empty where there is none."""
    reason: str = ""
    """Why it cannot be done now."""
