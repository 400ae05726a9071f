"""The registry of agent kinds: one line for each."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.agents.adapter import AgentAdapter
from cockpit.agents.claude.adapter import ClaudeAdapter
from cockpit.agents.lines.adapter import LinesAdapter
from cockpit.agents.pi.adapter import PiAdapter
from cockpit.agents.scripted.adapter import ScriptedAdapter
from cockpit.model.own.described import PREFIX, DescribedAgent, kind_of

ADAPTERS: tuple[AgentAdapter, ...] = (PiAdapter(), ClaudeAdapter(), ScriptedAdapter())
"""The first one that can be started is what a new agent is, where nothing else is configured."""

USUAL = ADAPTERS[0]
"""What an agent is taken for whose registration does not say."""

_BY_NAME = {adapter.name: adapter for adapter in ADAPTERS}


def adapter_of(program: str) -> AgentAdapter:
    """Return the adapter of a program; one that nobody knows speaks the usual protocol, as other tools' agents do."""
    found = _BY_NAME.get(program)
    if found is None and program.startswith(PREFIX):
        return LinesAdapter(program)
    return found or USUAL


def described(tables: Mapping[str, DescribedAgent]) -> tuple[AgentAdapter, ...]:
    """Return the kinds that the operator describes."""
    return tuple(LinesAdapter(kind_of(name), table) for name, table in tables.items())
