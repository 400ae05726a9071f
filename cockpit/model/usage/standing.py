"""Budgets and how far they are, as they are kept and shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cockpit.model.content import Usage
from cockpit.model.ids import AgentId, VmId

WARN_FROM = 0.8
"""The part of a budget from which on it is said how far it is."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How much may be spent; None where it does not matter."""

    cost: float | None = None
    """US dollars."""
    tokens: int | None = None

    @property
    def is_set(self) -> bool:
        """Whether anything is bounded."""
        return self.cost is not None or self.tokens is not None

    def part(self, spent: Usage) -> float:
        """Return which part of it is spent, the larger one of both; 0 where nothing is bounded."""
        parts = [
            amount / limit if limit > 0 else (float("inf") if amount > 0 else 0.0)
            for amount, limit in ((spent.cost, self.cost), (spent.tokens, self.tokens))
            if limit is not None
        ]
        return max(parts, default=0.0)


@dataclass(frozen=True, slots=True)
class BudgetDefaults:
    """What the configuration sets."""

    day: Limit = field(default_factory=Limit)
    """Of the whole fleet, each day."""
    family: Limit = field(default_factory=Limit)
    """Of each lieutenant with all below it, and of an architect, since they were made."""
    agent: Limit = field(default_factory=Limit)
    """Of each agent, since it was made."""
    warn_from: float = WARN_FROM


class BudgetStage(StrEnum):
    """What was done about a budget."""

    OPEN = "open"
    """Nothing yet, or it was raised."""
    FREEZING = "freezing"
    """It is used up, and its VMs are being frozen."""
    FROZEN = "frozen"
    """They are; the operator is asked."""
    STOPPED = "stopped"
    """The operator had the runs ended."""
    FINISHING = "finishing"
    """The operator lets what runs come to its end."""
    FINISHED = "finished"
    """It did; what is spent beyond that freezes again."""


@dataclass(frozen=True, slots=True)
class BudgetRecord:
    """What is kept of a budget: what the operator set, and what was done."""

    scope: str
    limit: Limit = field(default_factory=Limit)
    """The operator's own, in place of the configuration's where it is set."""
    stage: BudgetStage = BudgetStage.OPEN
    period: str = ""
    """The day for which the stage holds; empty for a budget without days."""
    spent: Usage = field(default_factory=Usage)
    """What was spent when something was done last: what comes beyond it is spent although it was frozen."""
    at: float = 0.0
    vms: tuple[VmId, ...] = ()
    """What was frozen for it, and not resumed by it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget, and how far it is."""

    scope: str
    name: str
    """How its agent is called; words of others. The fleet's is `fleet`."""
    limit: Limit
    spent: Usage
    agents: tuple[AgentId, ...]
    """Whom it holds."""
    stage: BudgetStage = BudgetStage.OPEN
    at_least: bool = False
    own: bool = False
    """The operator set it for this scope alone."""
    record: BudgetRecord | None = None
    warn_from: float = WARN_FROM
