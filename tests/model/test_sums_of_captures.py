"""What a run cost and filled, of every capture of pi 1.6: the figures are read from the captures by hand."""

from __future__ import annotations

import pytest

from cockpit.model.reduce.reduce import reduce_agent
from tests.model.captures import NAMES, fresh_agent, records

# Input, output, cache read, US dollars; tokens of the context; the thinking level.
SUMS: dict[str, tuple[int, int, int, float, int, str]] = {
    "abort_text": (2940, 9, 0, 0.008955, 1487, "medium"),
    "abort_tool": (1470, 21, 0, 0.004725, 1491, "medium"),
    "abort_with_queue": (3274, 17, 1240, 0.010449, 1558, "medium"),
    "big_write": (1794, 152, 1335, 0.0080625, 1671, "medium"),
    "compaction_auto": (197831, 204, 2612, 0.5973366, 1724, "medium"),
    "compaction_busy": (197245, 202, 4037, 0.5959761, 1814, "medium"),
    "compaction_manual": (3368, 191, 5244, 0.0145422, 1634, "medium"),
    "compaction_midrun": (3207, 133, 3885, 0.0127815, 1672, "medium"),
    "continue_session": (1761, 30, 1215, 0.0060975, 1529, "medium"),
    "dialog_abort_hang": (1517, 14, 0, 0.004761, 1531, "medium"),
    "error_queue": (1772, 17, 1244, 0.0059442, 1563, "medium"),
    "errors_not_retried": (3020, 30, 0, 0.00951, 1520, "medium"),
    "extension_ui": (3648, 85, 8438, 0.0147504, 1930, "medium"),
    "follow_up_queue": (3939, 136, 9903, 0.0168279, 1998, "medium"),
    "image_read": (2297, 11, 3342, 0.0080586, 4183, "medium"),
    "parallel_tools": (2841, 52, 5524, 0.0109602, 1840, "medium"),
    "prompt_while_busy": (2462, 74, 4003, 0.0096969, 1758, "medium"),
    "queries": (4193, 160, 10935, 0.0182595, 5203, "minimal"),
    "queue_while_idle": (2078, 24, 2482, 0.0073386, 1585, "medium"),
    "restart_same_out": (2090, 50, 2525, 0.0077775, 1621, "medium"),
    "retry_aborted": (0, 0, 0, 0.0, 0, "medium"),
    "retry_gives_up": (0, 0, 0, 0.0, 1314, "medium"),
    "retry_gives_up_queue": (1482, 8, 0, 0.004566, 1490, "medium"),
    "retry_prompt_during_backoff": (1459, 5, 0, 0.004452, 1464, "medium"),
    "retry_recovers": (1767, 14, 1225, 0.0058785, 1537, "medium"),
    "session_file": (5567, 249, 11173, 0.0237879, 1574, "low"),
    "simple_text": (1459, 40, 0, 0.004977, 1499, "medium"),
    "simple_text_openai": (1354, 40, 0, 0.004662, 1394, "medium"),
    "slash_compact": (1830, 16, 1246, 0.0061038, 1566, "medium"),
    "slow_build": (1989, 38, 2120, 0.007173, 2652, "medium"),
    "steer_midrun": (3619, 170, 8620, 0.015993, 2004, "medium"),
    "stream_dropped": (2918, 14, 0, 0.008964, 1472, "medium"),
    "thinking_tools": (3163, 152, 6795, 0.0138075, 2272, "medium"),
    "unicode_out": (1843, 66, 1512, 0.0069726, 1911, "medium"),
}


def test_every_capture_with_answers_has_its_sums() -> None:
    silent = {"exits", "malformed", "null_line_kills", "shutdown_by_extension", "startup_dialog"}
    assert set(SUMS) | silent == {name.removesuffix(".v1.6.0.jsonl") for name in NAMES if ".v1.6.0" in name}


@pytest.mark.parametrize("name", SUMS)
def test_the_sums_of_a_capture(name: str) -> None:
    agent = fresh_agent()
    for record in records(f"{name}.v1.6.0.jsonl"):
        agent = reduce_agent(agent, record)
    *tokens, cost, context, thinking = SUMS[name]
    usage = agent.usage
    assert [usage.input, usage.output, usage.cache_read] == tokens
    assert usage.cost == pytest.approx(cost)
    assert (agent.context_tokens, agent.thinking) == (context, thinking)
