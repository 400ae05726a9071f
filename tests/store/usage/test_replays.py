"""Each answer counts once: replayed, re-read under another epoch, copied with a VM, told by a service besides."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.content import Block, Usage
from cockpit.model.events import CompactionEnded, MessageEnded, Record
from cockpit.model.ids import AgentId
from cockpit.model.shared.usage import SessionUsage, TokenCosts, TokenCounts
from cockpit.store import schema, statements
from cockpit.store.rows import AgentRow
from cockpit.store.store import Store
from cockpit.store.usage import charges, log
from tests.model.usage.answers import ADA, BOB, NOON, Said, record


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "store.db")
    yield opened
    await opened.close()


async def total(store: Store) -> tuple[int, float]:
    """Return all tokens, and all money, that are counted."""
    buckets = await store.usage.buckets(0.0)
    return sum(bucket.usage.tokens for bucket in buckets), sum(bucket.usage.cost for bucket in buckets)


def row(agent: AgentId, made: float) -> AgentRow:
    """Return what is remembered of an agent that was made at a time."""
    return AgentRow(agent, "name", "worker", agent, created_at=made)


ANSWERS = st.lists(
    st.builds(Said, st.integers(0, 10**6).map(lambda ms: NOON - ms / 1000), st.integers(0, 10**6), st.floats(0, 9)),
    min_size=1,
    max_size=12,
    unique_by=lambda said: said.at,
)


class Tables:
    """The tables of a store in memory, and what its thread does with them."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        schema.upgrade(self.connection)
        self._streams = statements.Streams()

    def append(self, records: list[Record]) -> None:
        """Add records as the store does, perhaps by a process that does not know what another one wrote."""
        statements.add_records(self.connection, self._streams, ADA, records, None)

    def restart(self) -> None:
        """Forget what the process knows."""
        self._streams = statements.Streams()


@settings(max_examples=40, deadline=None)
@given(ANSWERS, st.data())
def test_whatever_is_read_again_in_whatever_order_each_answer_counts_once(
    said: list[Said], data: st.DataObject
) -> None:
    """Files are replaced, truncated and read anew: epochs, lines and the order of reading are arbitrary."""
    tables = Tables()
    readings = data.draw(st.lists(st.sampled_from(said), max_size=30)) + said
    for number, one in enumerate(readings):
        line = data.draw(st.integers(1, 4)) * 1000 + number
        tables.append([record(one.event(), epoch=data.draw(st.integers(1, 3)), line=line)])
        if data.draw(st.booleans()):
            tables.restart()
    buckets = charges.read_buckets(tables.connection, 0.0, 900.0)
    assert sum(bucket.usage.tokens for bucket in buckets) == sum(one.tokens + 1 for one in said)
    assert sum(bucket.usage.cost for bucket in buckets) == pytest.approx(sum(one.cost for one in said))
    assert sum(bucket.answers for bucket in buckets) == len(said)


@pytest.mark.parametrize("copy_first", [False, True])
async def test_what_a_copy_of_a_vm_has_from_before_is_the_originals(store: Store, copy_first: bool) -> None:
    before, after = Said(NOON - 100, 10, 1.0), Said(NOON + 5, 20, 2.0)
    await store.remember_agent(row(ADA, NOON - 1000))
    await store.remember_agent(row(BOB, NOON))
    readings = [[record(before.event())], [record(before.event(), BOB), record(after.event(), BOB, line=2)]]
    for records in reversed(readings) if copy_first else readings:
        await store.append(records[0].agent, records, None)
    spent = await store.usage.totals()
    assert (spent[ADA].cost, spent[BOB].cost) == (1.0, 2.0)


async def test_two_agents_that_say_the_same_at_the_same_time_both_count(store: Store) -> None:
    one = Said(NOON, 10, 1.0)
    for agent in (ADA, BOB):
        await store.remember_agent(row(agent, NOON - 60))
        await store.append(agent, [record(one.event(), agent)], None)
    assert (await total(store))[1] == 2.0


async def test_answers_without_a_time_are_told_apart_by_their_text(store: Store) -> None:
    def event(text: str) -> MessageEnded:
        return MessageEnded("assistant", (Block("text", text),), Usage(input=1, cost=1.0))

    await store.append(ADA, [record(event("a")), record(event("b"), line=2), record(event("a"), epoch=2)], None)
    assert (await total(store))[1] == 2.0


async def test_a_summary_counts_once_beside_the_answers(store: Store) -> None:
    summed = CompactionEnded(summary="what was", tokens_before=900, usage=Usage(5, 5, 0, 0, 0.5))
    await store.append(ADA, [record(summed), record(summed, epoch=2), record(Said(NOON, 1, 1.0).event(), line=2)], None)
    assert (await total(store))[1] == 1.5


async def test_the_day_is_the_agents_own_unless_its_clock_is_wrong(store: Store) -> None:
    old, absurd = Said(NOON - 3 * 86_400, 1, 1.0), Said(NOON + 10**9, 1, 2.0)
    await store.append(ADA, [record(old.event()), record(absurd.event(), line=2)], None)
    costs = {round((bucket.at - NOON) / 86_400): bucket.usage.cost for bucket in await store.usage.buckets(0.0)}
    assert costs == {-3: 1.0, 0: 2.0}


async def test_a_file_that_is_read_from_its_midst_is_told_so_until_its_beginning_was_read(store: Store) -> None:
    await store.append(ADA, [record(Said(NOON, 1, 1.0).event(), line=500)], None)
    assert await store.usage.begun_late() == {ADA}
    await store.append(ADA, [record(Said(NOON - 9, 1, 1.0).event(), line=1)], None)
    assert await store.usage.begun_late() == set()


async def test_what_an_older_version_stored_is_counted_later_and_once(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "store.db")
    said = [Said(NOON - number, 10, 0.5) for number in range(9)]
    await store.append(ADA, [record(one.event(), line=at + 1) for at, one in enumerate(said)], None)

    def forget(connection: object) -> None:
        connection.execute("DELETE FROM charges")  # type: ignore[attr-defined]
        connection.execute("INSERT INTO choices VALUES ('usage.uncounted', '0 0')")  # type: ignore[attr-defined]

    await store._writer.run(forget)
    assert await total(store) == (0, 0)
    while await store.usage.count_older():
        pass
    assert await total(store) == (99, 4.5)
    assert not await store.usage.count_older()
    await store.close()


def told(number: int, began: float, ended: float, usage: Usage, agent: str = "ada") -> SessionUsage:
    """Return what a service tells of one prompt."""
    tokens = TokenCounts(usage.input, usage.output, usage.cache_read, usage.cache_write, usage.tokens)
    return SessionUsage("s", agent, "m1", tokens, TokenCosts(total=usage.cost), 2, began, ended, id=f"r{number}")


async def test_a_service_counts_only_for_what_was_not_read(store: Store) -> None:
    ids = {"ada": [ADA]}
    read = [Said(NOON + 1, 99, 1.0), Said(NOON + 2, 199, 2.0)]
    await store.append(ADA, [record(one.event(), line=at + 1) for at, one in enumerate(read)], None)
    same = told(1, NOON, NOON + 3, Usage(298, 2, 0, 0, 3.0000004))
    await store.usage.add_service("here", [same, same])
    await store.usage.add_service("here", [same])
    assert await store.usage.service_rest(0.0, ids) == []
    partly = told(2, NOON + 1.9, NOON + 4, Usage(500, 3, 0, 0, 5.0))
    unread = told(3, NOON + 50, NOON + 60, Usage(7, 1, 0, 0, 0.7), "cid")
    await store.usage.add_service("here", [partly, unread])
    rest = {bucket.name: bucket.usage for bucket in await store.usage.service_rest(0.0, ids)}
    assert rest["ada"] == Usage(301, 2, 0, 0, 3.0)
    assert rest["cid"] == Usage(7, 1, 0, 0, 0.7)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 999), st.booleans()), min_size=1, max_size=4), max_size=6))
def test_stream_and_service_together_are_the_truth_whatever_part_of_the_stream_was_read(
    prompts: list[list[tuple[int, bool]]],
) -> None:
    """The truth is what the prompts' answers cost; of each a part stands in the stream, the whole in the service."""
    tables = Tables()
    truth = 0
    for number, answers in enumerate(prompts):
        began = NOON + number * 10
        said = [Said(began + 1 + at, tokens, 0.0) for at, (tokens, _) in enumerate(answers)]
        truth += sum(one.tokens + 1 for one in said)
        whole = Usage(sum(one.tokens for one in said), len(said))
        for _ in range(2):
            log.add_service(tables.connection, "s", [told(number, began, began + 9, whole)])
        tables.append([record(one.event(), line=number * 10 + at + 1) for at, one in enumerate(said) if answers[at][1]])
    read = charges.read_buckets(tables.connection, 0.0, 900.0)
    rest = log.service_rest(tables.connection, 0.0, {"ada": [ADA]})
    assert sum(bucket.usage.tokens for bucket in [*read, *rest]) == truth
