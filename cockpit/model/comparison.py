"""Copies of one agent that tried the same thing: what each came to, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import AgentId, VmId


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of them."""

    agent: AgentId
    name: str
    vm: VmId
    state: str
    """The word its row shows."""
    answer: str
    """Its last answer in full; empty if it gave none."""
    tokens: int
    cost: float
    """In dollars; both since it was copied, where that is known."""
    seconds: float | None = None
    """From its copying to the last thing it wrote, or until now while it works; None if not known."""
    files: int | None = None
    """Files that differ from what it started from; None if that is not known."""
    added: int = 0
    removed: int = 0
    patch: str = ""
    """The difference as git writes it, as far as it was carried."""
    cut: bool = False
    """The patch is only its beginning."""
    unknown: str = ""
    """What could not be looked at, and why; empty if all could."""


def group_label(name: str) -> str:
    """Return the label that the copies of an agent carry."""
    return f"best-of-{name}"


def candidates_of(fleet: Fleet, original: str) -> tuple[Agent, ...]:
    """Return the copies that were made of an agent, by its name."""
    return tuple(agent for agent in fleet.agents if group_label(original) in agent.labels and not agent.elsewhere)


def groups(fleet: Fleet) -> tuple[str, ...]:
    """Return the names of the agents of which there are copies to compare."""
    prefix = group_label("")
    found = (label[len(prefix) :] for agent in fleet.agents for label in agent.labels if label.startswith(prefix))
    return tuple(sorted(set(found)))
