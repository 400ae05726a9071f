"""What an answer of pi has cost."""

from __future__ import annotations

from typing import Any

from cockpit.agents.fields import integer_of, number_of
from cockpit.model.content import Usage


def usage_of(value: Any) -> Usage | None:
    """Return token counts and cost, or None if there are none.

    The shape is `{input, output, cacheRead, cacheWrite, totalTokens, cost{..., total}}` (badlogic/pi-mono,
    packages/ai/src/types.ts); the cost is in US dollars.
    """
    if not isinstance(value, dict):
        return None
    cost = value.get("cost")
    return Usage(
        input=integer_of(value.get("input")),
        output=integer_of(value.get("output")),
        cache_read=integer_of(value.get("cacheRead")),
        cache_write=integer_of(value.get("cacheWrite")),
        cost=number_of(cost.get("total") if isinstance(cost, dict) else cost),
    )
