"""The rules of usage, as the configuration has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.model.usage.machines import Prices
from cockpit.model.usage.rules import UsageRules
from cockpit.model.usage.standing import BudgetDefaults, Limit

if TYPE_CHECKING:
    from cockpit.config import Settings


def usage_rules(settings: Settings) -> UsageRules:
    """Return the rules that config.toml sets."""
    prices, budgets, usage = settings.prices, settings.budgets, settings.usage
    return UsageRules(
        Prices(prices.vm_hour, prices.vcpu_hour, prices.memory_gib_hour, prices.disk_gib_hour, prices.commit_gib_hour),
        BudgetDefaults(
            Limit(budgets.day, budgets.day_tokens),
            Limit(budgets.family, budgets.family_tokens),
            Limit(budgets.agent, budgets.agent_tokens),
            budgets.warn_from,
        ),
        usage.idle_pause_minutes * 60.0,
        usage.resume_limits,
        usage.resume_most,
    )
