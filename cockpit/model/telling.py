"""One text to agents that do different things: what it becomes for each of them, and what that means."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from cockpit.model.commands.agent import text_as
from cockpit.model.commands.command import Command
from cockpit.model.commands.usage import ResumeAndSend
from cockpit.model.dwelling import its_words
from cockpit.model.filters.agents import AGENTS, NO_ATTRIBUTES, Attributes, wanted_agents
from cockpit.model.filters.language import filter_of
from cockpit.model.fleet import Agent, Fleet, Power


class TextManner(StrEnum):
    """How a text is meant; what an agent does decides what becomes of it."""

    FITS = "as it fits"
    """A prompt to who is at rest, behind the run of who works."""
    STEER = "steer"
    """Before the next step of who works, a prompt to who is at rest."""
    FOLLOW_UP = "follow-up"
    PROMPT = "prompt"


_BECOMES = {
    "prompt": "prompted: it begins at once",
    "steer": "steered: read before its next step, after the tools that run",
    "follow-up": "follow-up: read when its run is over",
}


def mode_for(agent: Agent, manner: TextManner) -> str:
    """Return as what an agent gets a text that is meant so: `prompt`, `steer` or `follow-up`."""
    if manner is TextManner.PROMPT or not agent.run_open:
        return "prompt"
    return "steer" if manner is TextManner.STEER else "follow-up"


def is_paused(fleet: Fleet, agent: Agent) -> bool:
    """Say whether an agent's VM has to be resumed before it can read anything."""
    vm = fleet.vm(agent.vm_id)
    return vm is not None and vm.power in (Power.PAUSED, Power.SLEEPING)


def order_to(fleet: Fleet, agent: Agent, text: str, manner: TextManner, images: tuple[str, ...] = ()) -> Command:
    """Return what is ordered with a text: a paused VM is resumed first."""
    said = text_as(mode_for(agent, manner), agent.id, text, images)
    return ResumeAndSend(agent.vm_id, said) if is_paused(fleet, agent) else said


def becomes(fleet: Fleet, agent: Agent, manner: TextManner) -> str:
    """Say what becomes of a text to an agent."""
    if is_paused(fleet, agent):
        vm = fleet.vm(agent.vm_id)
        return f"{its_words(vm)} is resumed, then it is prompted"
    return _BECOMES[mode_for(agent, manner)]


def meant_by(fleet: Fleet, line: str, now: float, attributes: Attributes = NO_ATTRIBUTES) -> tuple[Agent, ...]:
    """Return the agents that a line means: all whose names it lists, else those that a filter asks for.

    Nobody where it is empty: everybody is meant only by saying so.
    """
    if not line.strip():
        return ()
    words = line.replace(",", " ").split()
    by_name: dict[str, list[Agent]] = {}
    for agent in fleet.agents:
        by_name.setdefault(agent.name.casefold(), []).append(agent)
    if all(word.casefold() in by_name for word in words):
        return tuple({agent.id: agent for word in words for agent in by_name[word.casefold()]}.values())
    return tuple(wanted_agents(fleet, line, now, attributes)) if filter_of(line, AGENTS).terms else ()


def wanted_or_named(fleet: Fleet, line: str, now: float) -> tuple[Agent, ...]:
    """Return the agents that a line means, and everybody where it is empty: a verb was told so in another way."""
    return meant_by(fleet, line, now) if line.strip() else fleet.agents


def named(agents: Sequence[Agent], most: int = 4) -> str:
    """Return the names of agents for a sentence; of many, how many more there are."""
    names = [agent.name for agent in agents[:most]]
    more = len(agents) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
