"""Budgets and how far they are, as they are kept and shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cockpit.model.content import Usage
from cockpit.model.ids import AgentId, VmId
from cockpit.model.usage.amounts import amount_text

FLEET = "fleet"
"""The scope of everything in a day."""

AGENT_SCOPE, FAMILY_SCOPE = "agent:", "family:"
"""How the scope of an agent begins, and that of an agent with all below it; its id follows."""

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


ASKS = (BudgetStage.FREEZING, BudgetStage.FROZEN)
"""Stages in which the operator is asked."""


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

    @property
    def part(self) -> float:
        """Which part of it is spent: 1 is all of it."""
        return self.limit.part(self.spent)

    @property
    def warns(self) -> bool:
        """Whether so much of it is spent that it is to be said."""
        return self.part >= self.warn_from

    @property
    def is_over(self) -> bool:
        """Whether all of it is spent."""
        return self.limit.is_set and self.part >= 1.0

    @property
    def vms(self) -> tuple[VmId, ...]:
        """What was frozen for it."""
        return self.record.vms if self.record is not None else ()

    @property
    def words(self) -> str:
        """How far it is, in words: `$2.03 of $2.00`."""
        sure = "at least " if self.at_least else ""
        parts = []
        if self.limit.cost is not None:
            parts.append(f"{amount_text(self.spent.cost)} of {amount_text(self.limit.cost)}")
        if self.limit.tokens is not None:
            parts.append(f"{self.spent.tokens:,} of {self.limit.tokens:,} tokens".replace(",", " "))
        return sure + (", ".join(parts) or "no limit")


def subject_of(scope: str) -> AgentId | None:
    """Return the agent that a scope names, or None for the fleet."""
    for begin in (AGENT_SCOPE, FAMILY_SCOPE):
        if scope.startswith(begin):
            return AgentId(scope.removeprefix(begin))
    return None


def scope_words(standing: Standing) -> str:
    """Return what a budget is of, in words."""
    if standing.scope == FLEET:
        return "the fleet today"
    return f"{standing.name} and all below it" if standing.scope.startswith(FAMILY_SCOPE) else standing.name
