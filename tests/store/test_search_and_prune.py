"""Search with whatever people type, and pruning within bounds."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.content import Block
from cockpit.model.events import MessageEnded
from cockpit.model.ids import AgentId
from cockpit.model.tool_use import ToolEnded, ToolOutput, ToolStarted
from cockpit.store import prune as prune_module
from cockpit.store import schema, search
from cockpit.store.rows import AgentRow
from cockpit.store.store import Store
from tests.store.audit import audit_rows
from tests.store.samples import AGENT, cursor, hostile_text, prompt, record, records

OTHER = AgentId("other-agent")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "store.db", now=lambda: 2000.0)
    yield opened
    await opened.close()


async def test_prompts_answers_tools_and_outputs_are_found(store: Store) -> None:
    lines = [
        prompt(1, "Please repair the Flügel in store.py"),
        record(2, ToolStarted("t", "bash", {"command": "grep -rn 'wingspan' src", "options": {"deep": True}})),
        record(3, ToolOutput("t", "an intermediate wingspan")),
        record(4, ToolEnded("t", "bash", "src/bird.py:12: wingspan = 3")),
        record(
            5,
            MessageEnded("assistant", (Block("thinking", "hidden wingspan"), Block("text", "The wingspan is 3."))),
        ),
    ]
    await store.append(AGENT, lines, cursor(5))
    assert [(hit.line, hit.source) for hit in await store.search("wingspan")] == [
        (5, "answer"),
        (4, "output"),
        (2, "tool"),
    ]
    assert [hit.line for hit in await store.search("flugel STORE.PY")] == [1]
    assert [hit.line for hit in await store.search("wing bird")] == []
    assert [hit.line for hit in await store.search("bird wing")] == [4]
    (hit,) = await store.search("repair")
    assert [hit.excerpt[start:end] for start, end in hit.spans] == ["repair"]
    assert (hit.agent, hit.epoch, hit.at) == (AGENT, 1, 1001.0)


async def test_a_destroyed_agent_is_still_found_and_one_agent_can_be_asked_for(store: Store) -> None:
    await store.remember_agent(AgentRow(AGENT, "ada", "worker", AGENT))
    await store.append(AGENT, [prompt(1, "needle")], cursor(1))
    await store.append(OTHER, [prompt(1, "needle", agent=OTHER)], cursor(1))
    await store.append(OTHER, [prompt(1, "needle", agent=OTHER)], cursor(1))
    await store.forget_agent(AGENT)
    assert {hit.agent for hit in await store.search("needle")} == {AGENT, OTHER}
    assert [hit.agent for hit in await store.search("needle", agent=AGENT)] == [AGENT]
    assert len(await store.search("needle", limit=1)) == 1


HOSTILE = [
    *('"', '""', "*", "a*", "(", "-", "", "   ", "+ +", "\0", "\ud800", "²", "\u0301", "ᾯ ", "x\x02y"),
    *("AND", "OR OR", "NOT x", "NEAR(", "body:x", "x^2", "{a b}: c", "'; DROP TABLE texts"),
    *("a" * 100_000, "a " * 10_000),
]


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_queries_never_raise(store: Store, query: str) -> None:
    await store.append(AGENT, [prompt(1, "a b x y")], cursor(1))
    assert isinstance(await store.search(query), list)


@given(st.text(max_size=60) | hostile_text(), hostile_text())
@settings(max_examples=400, deadline=None)
def test_any_query_is_valid_on_any_text(query: str, text: str) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        schema.upgrade(connection)
        connection.execute("INSERT INTO epochs (id, agent, epoch) VALUES (1, 'a', 1)")
        found = search.searchable(prompt(1, text).event)
        if found is not None:
            connection.execute("INSERT INTO texts (stream, line, at, source, body) VALUES (1, 1, 0, ?, ?)", found)
        for hit in search.find(connection, query, None, 10):
            assert all(0 <= start < end <= len(hit.excerpt) for start, end in hit.spans)
    finally:
        connection.close()


async def test_an_agent_cannot_forge_the_marks_of_a_match(store: Store) -> None:
    await store.append(AGENT, [prompt(1, "\x02fake\x03 real \x03\x02")], cursor(1))
    (hit,) = await store.search("real")
    assert [hit.excerpt[start:end] for start, end in hit.spans] == ["real"]
    assert "\x02" not in hit.excerpt and "\x03" not in hit.excerpt


async def test_pruning_by_age_keeps_cursors_and_what_is_newer(store: Store) -> None:
    await store.append(AGENT, records(1, 100), cursor(100))
    await store.append(OTHER, [prompt(1, "old needle", agent=OTHER)], cursor(1))
    await store.audit(10.0, "pause", "x", "")
    await store.save_snapshot(AGENT, 1, 100, b"state")
    assert await store.prune(max_age_seconds=2000.0 - 1050.5) == 51
    assert await store.records(AGENT) == records(51, 100)
    assert await store.records(OTHER) == []
    assert await store.search("needle") == []
    assert await store.cursor(AGENT) == cursor(100)
    assert await store.cursor(OTHER) == cursor(1)
    assert await store.snapshot(AGENT) is not None
    assert audit_rows(store.path) == []
    assert await store.prune(max_age_seconds=2000.0 - 1050.5) == 0


async def test_pruning_by_size_removes_the_oldest_first_and_shrinks_the_file(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune_module, "CHUNK", 20)
    agents = [AgentId(f"agent-{number}") for number in range(5)]
    for agent in agents:
        lines = [prompt(line, f"unique{line} " * 200, agent=agent) for line in range(1, 101)]
        await store.append(agent, lines, cursor(100))
    before = int(await store._writer.run(prune_module.used_bytes))
    bound = before // 2
    removed = await store.prune(max_bytes=bound)
    after = int(await store._writer.run(prune_module.used_bytes))
    assert bound * prune_module.LOW_MARK * 0.7 < after <= bound * prune_module.LOW_MARK * 1.05
    left = [await store.records(agent) for agent in agents]
    assert removed == 500 - sum(map(len, left))
    firsts = [kept[0].line for kept in left]
    assert max(firsts) - min(firsts) <= 20
    assert all(kept[-1].line == 100 for kept in left)
    for agent in agents:
        assert await store.cursor(agent) == cursor(100)
    await store.close()
    assert store.path.stat().st_size <= bound


async def test_a_bound_below_the_empty_file_ends(store: Store) -> None:
    await store.append(AGENT, records(1, 50), cursor(50))
    assert await store.prune(max_bytes=1) == 50
    assert await store.cursor(AGENT) == cursor(50)
    await store.append(AGENT, records(51, 52), cursor(52))
    assert await store.records(AGENT) == records(51, 52)
