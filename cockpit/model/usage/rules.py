"""What the configuration says of usage: prices, budgets, when idle agents are paused, and what goes on by itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from cockpit.model.usage.machines import Prices
from cockpit.model.usage.standing import BudgetDefaults

MOST_RESUMED = 10
"""Agents that are told to go on by themselves when a limit ends, unless the configuration says otherwise."""


@dataclass(frozen=True, slots=True)
class UsageRules:
    """The operator's rules."""

    prices: Prices = field(default_factory=Prices)
    budgets: BudgetDefaults = field(default_factory=BudgetDefaults)
    idle_pause: float = 0.0
    """Seconds after which an idle agent's VM is paused; 0 never pauses one."""
    resumes_limits: bool = False
    """Agents that a provider refused until a time are told to go on when it has come."""
    resume_most: int = MOST_RESUMED
    """How many of them at once."""
