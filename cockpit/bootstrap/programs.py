"""Which agent programs can be started on which fleet."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.agents.adapter import LaunchSettings, Program
from cockpit.agents.kinds import ADAPTERS
from cockpit.config import AgentSettings


def local_programs(settings: AgentSettings, environment: Mapping[str, str]) -> tuple[Program, ...]:
    """Return the programs of the embedded fleet, the preferred one first."""
    return tuple(adapter.local_program(_launch(settings), environment) for adapter in ADAPTERS)


def remote_programs(settings: AgentSettings, environment: Mapping[str, str]) -> tuple[Program, ...]:
    """Return the programs of a fleet of real VMs, the preferred one first."""
    return tuple(adapter.remote_program(_launch(settings), environment) for adapter in ADAPTERS)


def _launch(settings: AgentSettings) -> LaunchSettings:
    passed = settings.pass_environment
    return LaunchSettings(settings.model, None if passed is None else tuple(passed))
