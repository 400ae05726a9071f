"""What a fleet spends, as its snapshot has it: today's figure with its course, and the budgets."""

from __future__ import annotations

from dataclasses import dataclass, field

from cockpit.model.content import Usage
from cockpit.model.usage.standing import Standing


@dataclass(frozen=True, slots=True)
class DaySpending:
    """What the fleet spent today, and how fast it spends."""

    usage: Usage = field(default_factory=Usage)
    at_least: bool = False
    last_hour: Usage = field(default_factory=Usage)
    tokens_per_minute: float = 0.0
    """Of the last minutes."""
    end_cost: float = 0.0
    """US dollars that the day comes to at the last hour's rate."""
    end_tokens: float = 0.0
    course: tuple[float, ...] = ()
    """What each half hour of the day took until now: US dollars, or tokens where nothing has a price."""
    in_money: bool = True
    """What the course is in."""


@dataclass(frozen=True, slots=True)
class Spending:
    """Today's spending, and every budget."""

    day: DaySpending = field(default_factory=DaySpending)
    budgets: tuple[Standing, ...] = ()
    """The fullest first."""
