"""Usage's client: recorded answers are read, hostile ones do no harm, what is recorded has the form servers want."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.shared.usage import SessionUsage, TokenCosts, TokenCounts, VmUsage
from cockpit.services.usage import ALL_TIME, UsageClient, stamp
from tests.embedded.api.captures import exchanges
from tests.services.replay import replaying, sending, serving

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


async def test_the_recorded_sessions_are_read() -> None:
    usage = UsageClient(replaying("usage.sessions", "GET /usage/sessions"))
    listed = await usage.sessions()
    first, second = listed.entries
    assert (first.agent, first.parent, first.model, first.turns) == ("worker-api", "coordinator", "claude-opus-4-6", 6)
    assert first.tokens == TokenCounts(1600, 2010, 81000, 4290, 88900)
    assert first.cost == TokenCosts(0.008, 0.05025, 0.0405, 0.026813, 0.125563)
    assert dict(first.tool_calls) == {"bash": 9, "read": 7, "edit": 4, "feed_publish": 2}
    assert round(first.ended_at - first.started_at) == 1080
    assert (second.parent, second.tool_calls, listed.unreadable) == ("", (), 0)


async def test_the_recorded_lives_and_sums_are_read() -> None:
    (life,) = (await UsageClient(replaying("usage.vms", "GET /usage/vms")).vms()).entries
    assert (life.role, life.commit[:8], life.destroyed_at > life.created_at) == ("worker", "c0ffee00", True)
    sums = await UsageClient(replaying("usage.summary", "GET /usage")).summary()
    assert (sums.span, sums.tokens, sums.cost, sums.sessions, sums.vms) == ("7d", 535200, 0.72, 2, 1)
    assert [(agent.agent, agent.tokens, agent.cost) for agent in sums.agents] == [
        ("coordinator", 446300, 0.6),
        ("worker-api", 88900, 0.13),
    ]


async def test_what_is_recorded_is_what_the_extension_sends() -> None:
    wanted = next(item["request"]["body"] for item in exchanges("usage.sessions") if item["request"].get("body"))
    http, sent = sending("usage.sessions", 0)
    echoed = await UsageClient(http).record_session(
        SessionUsage(
            session=wanted["sessionId"],
            agent="worker-api",
            model="claude-opus-4-6",
            tokens=TokenCounts(1600, 2010, 81000, 4290, 88900),
            cost=TokenCosts(0.008, 0.05025, 0.0405, 0.026813, 0.125563),
            turns=6,
            started_at=1795189219.558,
            ended_at=1795190299.558,
            parent="coordinator",
            tool_calls=tuple(wanted["toolCalls"].items()),
        )
    )
    assert json.loads(sent[0].content) == wanted
    assert echoed.id == "01M7WTW7832EAX8JBV2HYKVCZC"


async def test_the_end_of_a_vm_goes_with_its_time() -> None:
    http, sent = sending("usage.vms", 1)
    made = await UsageClient(http).record_vm(
        VmUsage("1a2b", "worker", "me", 1795190299.558, destroyed_at=1795190299.558)
    )
    assert json.loads(sent[0].content) == {
        "vmId": "1a2b",
        "role": "worker",
        "agent": "me",
        "createdAt": "2026-11-20T15:58:19.558Z",
        "destroyedAt": "2026-11-20T15:58:19.558Z",
    }
    assert made.destroyed_at == 1795190299.558


async def test_counts_beyond_the_server_s_column_are_cut_and_all_time_is_asked_for_by_a_word() -> None:
    http, sent = sending("usage.sessions", 0)
    counts = TokenCounts(total=2**40, input=-1)
    await UsageClient(http).record_session(SessionUsage("s", "a", "m", counts, TokenCosts(), -1, 0.0, 0.0))
    body = json.loads(sent[0].content)
    assert (body["tokens"]["total"], body["tokens"]["input"], body["turns"]) == (2**31 - 1, 0, 0)
    http, sent = sending("usage.summary", 0)
    await UsageClient(http).summary(ALL_TIME)
    assert sent[0].url.query == b"range=all"


@given(st.dictionaries(st.sampled_from(["id", "tokens", "cost", "toolCalls", "turns", "startedAt", "agent"]), JSON))
async def test_hostile_records_cost_only_themselves(record: dict[str, Any]) -> None:
    good = {"id": "x", "agent": "a"}
    listed = await UsageClient(serving({"sessions": [record, good]})).sessions()
    assert listed.entries[-1].agent == "a"
    assert len(listed.entries) + listed.unreadable == 2


@given(st.floats(min_value=0, max_value=4e9))
def test_times_are_sent_in_utc_with_a_z(seconds: float) -> None:
    assert stamp(seconds).endswith("Z") and "+" not in stamp(seconds)


async def test_a_summary_whose_agents_are_nonsense_is_still_one() -> None:
    body = {"range": 7, "totals": {"tokens": "many", "cost": None}, "byAgent": {"a": 3, "b": {"tokens": 1}}}
    sums = await UsageClient(serving(body)).summary()
    assert (sums.tokens, sums.cost, [agent.tokens for agent in sums.agents]) == (0, 0.0, [0, 1])
