"""Events that are sums and no news: they are counted, and get one line for each agent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from cockpit.model.board import USAGE_KINDS, FeedItem

_DOLLARS = re.compile(r"\$\s?(\d[\d,]*(?:\.\d+)?)", re.ASCII)
_NUMBER = re.compile(r"\d[\d,]*", re.ASCII)
_TOKENS = re.compile(r'"tokensThisTurn"\s*:\s*(\d+)', re.ASCII)
_COST = re.compile(r'"(?:usd|cost|costUsd|totalCost)"\s*:\s*(\d+(?:\.\d+)?)', re.ASCII)
"""What their details say, which are JSON by convention and may be anything."""
MOST = 10**15
"""Tokens, or dollars, above which a number is none that an agent spent."""


@dataclass(frozen=True, slots=True)
class UsageSum:
    """What an agent reported of what it uses."""

    agent: str
    events: int = 0
    tokens: int = 0
    """Of all its turns that were reported."""
    cost: float | None = None
    """Dollars, as it said last; None if it never did."""
    at: float = 0.0
    """When it reported last, in unix seconds."""


@dataclass(slots=True)
class UsageSums:
    """Takes in events, each once; the caller keeps them apart by their ids."""

    by_agent: dict[str, UsageSum] = field(default_factory=dict)

    def take(self, item: FeedItem) -> bool:
        """Take an event in, if it is such a sum; say whether it is."""
        if item.kind not in USAGE_KINDS:
            return False
        known = self.by_agent.get(item.agent, UsageSum(item.agent))
        tokens = tokens_of(item) if item.kind == "token_update" else 0
        cost = dollars_of(item) if item.kind == "cost_update" else None
        self.by_agent[item.agent] = replace(
            known,
            events=known.events + 1,
            tokens=known.tokens + tokens,
            cost=known.cost if cost is None else cost,
            at=max(known.at, item.at),
        )
        return True


def sums_of(items: Iterable[FeedItem]) -> tuple[UsageSum, ...]:
    """Return the sums of some events, who reported last first."""
    sums = UsageSums()
    for item in items:
        sums.take(item)
    return tuple(sorted(sums.by_agent.values(), key=lambda one: (-one.at, one.agent)))


def tokens_of(item: FeedItem) -> int:
    """Return the tokens of a turn that was reported; 0 if none can be read."""
    told = _TOKENS.search(item.detail)
    number = told[1] if told is not None else _first(_NUMBER, item.summary).replace(",", "")
    return min(int(number[:16]), MOST) if number else 0


def dollars_of(item: FeedItem) -> float | None:
    """Return the dollars that were reported; None if none can be read."""
    told = _COST.search(item.detail) or _DOLLARS.search(item.summary)
    return min(float(told[1].replace(",", "")[:24]), float(MOST)) if told is not None else None


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0] if found is not None else ""
