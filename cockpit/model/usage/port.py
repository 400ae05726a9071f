"""What the engine's port promises about usage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from cockpit.model.usage.machines import MachineSum
from cockpit.model.usage.spending import Spending
from cockpit.model.usage.sums import By, Sum

if TYPE_CHECKING:
    from cockpit.model.usage.rules import UsageRules

WEEK = 7 * 86_400.0
"""Seconds of history that are shown unless asked otherwise."""


@dataclass(frozen=True, slots=True)
class UsageReport:
    """What was spent since a moment, summed up in every way."""

    since: float
    until: float
    total: Sum = field(default_factory=lambda: Sum("", "all"))
    agents: tuple[Sum, ...] = ()
    families: tuple[Sum, ...] = ()
    tasks: tuple[Sum, ...] = ()
    models: tuple[Sum, ...] = ()
    days: tuple[Sum, ...] = ()
    machines: MachineSum = field(default_factory=MachineSum)
    spending: Spending = field(default_factory=Spending)
    """Today's figures and the budgets."""
    missing: tuple[str, ...] = ()
    """What could not be had, a sentence each."""

    def by(self, what: By) -> tuple[Sum, ...]:
        """Return the sums of one kind."""
        return {
            By.AGENT: self.agents,
            By.FAMILY: self.families,
            By.TASK: self.tasks,
            By.MODEL: self.models,
            By.DAY: self.days,
        }[what]


class UsagePort(Protocol):
    """What agents and machines cost; today's figure and the budgets stand in the fleet."""

    @property
    def rules(self) -> UsageRules:
        """What the configuration says."""

    async def refresh(self) -> None:
        """Bring today's figure and the budgets in the fleet up to date: who does not watch has none.

        Raises:
            CockpitError: the history cannot be read.
        """

    async def report(self, since: float) -> UsageReport:
        """Return what was spent since a moment (unix seconds), after a look at the services.

        Raises:
            CockpitError: the history cannot be read.
        """
