"""What a `result` line says that was used: sums of its whole process, of each model.

The `usage` beside them is that of the main conversation in this run alone: what sub-agents and summaries took is not in
it, so that it is left aside.
"""

from __future__ import annotations

from typing import Any

from cockpit.agents.claude.requests import PROVIDER
from cockpit.agents.fields import dict_of, integer_of, number_of
from cockpit.model.content import ModelUsage, Usage

MOST_MODELS = 50
"""Models of one line that are told apart."""


def used_so_far(record: dict[str, Any]) -> tuple[tuple[ModelUsage, ...], int]:
    """Return what a process has used of each model since it began, and how much fits into the context of its only one.

    A model with a longer context (`NAME[1m]`) is the same model: its answers call it NAME.
    """
    sums: dict[str, Usage] = {}
    windows: dict[str, int] = {}
    for name, told in list(dict_of(record.get("modelUsage")).items())[:MOST_MODELS]:
        fields, model = dict_of(told), name.partition("[")[0]
        sums[model] = sums.get(model, Usage()) + Usage(
            max(0, integer_of(fields.get("inputTokens"))),
            max(0, integer_of(fields.get("outputTokens"))),
            max(0, integer_of(fields.get("cacheReadInputTokens"))),
            max(0, integer_of(fields.get("cacheCreationInputTokens"))),
            max(0.0, number_of(fields.get("costUSD"))),
        )
        windows[model] = max(windows.get(model, 0), integer_of(fields.get("contextWindow")))
    cost = max(0.0, number_of(record.get("total_cost_usd")))
    if cost and not sums:
        sums[""] = Usage(cost=cost)
    window = next(iter(windows.values())) if len(windows) == 1 else 0
    return tuple(ModelUsage(model, used, PROVIDER) for model, used in sums.items()), max(0, window)
