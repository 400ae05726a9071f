"""Which agent programs can be started on which fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cockpit.agents.adapter import AgentAdapter, LaunchSettings, Program
from cockpit.agents.kinds import ADAPTERS, described
from cockpit.errors import ConfigError
from cockpit.model.own.described import kind_meant

if TYPE_CHECKING:
    from cockpit.config import AgentSettings, Settings


def local_programs(settings: Settings, environment: Mapping[str, str]) -> tuple[Program, ...]:
    """Return the programs of the embedded fleet, the preferred one first, those the operator describes last."""
    return tuple(adapter.local_program(_launch(settings.agent), environment) for adapter in _kinds(settings))


def remote_programs(settings: Settings, environment: Mapping[str, str]) -> tuple[Program, ...]:
    """Return the programs of a fleet of real VMs in the same order."""
    return tuple(adapter.remote_program(_launch(settings.agent), environment) for adapter in _kinds(settings))


def default_program(settings: Settings, programs: Sequence[Program]) -> tuple[str, str]:
    """Return what a new agent is where nobody chooses, and why it is that.

    It is what the configuration says, else the first that can run.
    """
    named = kind_meant(settings.agent.program, tuple(program.name for program in programs))
    if named:
        return named, f"{named}, as program in [agent] says"
    chosen = next((program for program in programs if not program.reason), programs[0])
    before = [program for program in programs[: programs.index(chosen)] if program.reason]
    if not before:
        return chosen.name, f"{chosen.name}, the first of all kinds"
    reasons = "; ".join(f"{program.name} cannot: {program.reason}" for program in before)
    return chosen.name, f"{chosen.name}, the first that can run: {reasons}"


def _kinds(settings: Settings) -> tuple[AgentAdapter, ...]:
    """Return all kinds of agent, those of the operator's own last.

    Raises:
        ConfigError: one of these has the name of another kind.
    """
    for adapter in ADAPTERS:
        if adapter.name in settings.agents:
            place = f"{settings.file}: " if settings.file is not None else ""
            raise ConfigError(
                f"{place}agents.{adapter.name}: {adapter.name} is a kind of agent already",
                hint="call the table by another name; what is set of all new agents stands in [agent]",
            )
    return (*ADAPTERS, *described(settings.agents))


def _launch(settings: AgentSettings) -> LaunchSettings:
    passed = settings.pass_environment
    return LaunchSettings(settings.model, None if passed is None else tuple(passed))
