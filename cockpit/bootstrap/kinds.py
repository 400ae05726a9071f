"""Which kinds of agent a source has, found out when somebody asks: a list of VMs loads none of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from cockpit.engine.source import Kinds

if TYPE_CHECKING:
    from cockpit.config import Settings


def kinds_of(settings: Settings, *, local: bool, told: bool = False) -> Callable[[], Kinds]:
    """Return what tells the kinds of a source, the same each time.

    Args:
        settings: what config.toml says.
        local: they run on this machine.
        told: the operator is told which one is taken unasked where that is not the first.

    Raises:
        ConfigError: one that the operator describes has the name of another.
    """

    @cache
    def kinds() -> Kinds:
        from cockpit.agents.kinds import ADAPTERS
        from cockpit.bootstrap.programs import default_program, local_programs, remote_programs

        programs = (local_programs if local else remote_programs)(settings, os.environ)
        default, why = default_program(settings, programs)
        other = told and default != programs[0].name and not settings.agent.program
        patterns = settings.agent.pass_environment or ()
        secrets = tuple(value for adapter in ADAPTERS for value in adapter.secret_values(patterns, os.environ))
        return Kinds(programs, default, why, (f"new agents are {why}",) if other else (), secrets)

    if settings.agents:
        kinds()  # what is wrong with those is said before anything is begun: the log asks for the secrets of all kinds
    return kinds
