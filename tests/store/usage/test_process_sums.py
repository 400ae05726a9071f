"""Agents that tell sums of their process are charged the truth: over relaunches, resumes, copies and re-readings."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.content import ModelUsage, Usage
from cockpit.model.events import DaemonStarted, Event, Record, RunSettled
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.ids import AgentId, VmId
from cockpit.model.reduce.reduce import reduce_agent
from cockpit.store import schema, statements
from cockpit.store.usage import charges

ADA, BOB = AgentId("ada"), AgentId("bob")
MODELS = ("opus", "haiku")


@dataclass(frozen=True)
class Spent:
    """What one run spent of each model: tokens, and cents."""

    tokens: tuple[int, int]
    cents: tuple[int, int]


RUNS = st.builds(
    Spent, st.tuples(st.integers(0, 900), st.integers(0, 900)), st.tuples(st.integers(0, 90), st.integers(0, 90))
)
PROCESSES = st.lists(st.lists(RUNS, max_size=4), min_size=1, max_size=5)


def written(processes: list[list[Spent]]) -> list[Event]:
    """Return the lines that processes write one after the other: each sums up from its own start."""
    said: list[Event] = []
    for number, runs in enumerate(processes):
        said.append(DaemonStarted(f"run-{number}", "claude"))
        tokens, cents = [0, 0], [0, 0]
        for at, run in enumerate(runs):
            tokens = [one + more for one, more in zip(tokens, run.tokens, strict=True)]
            cents = [one + more for one, more in zip(cents, run.cents, strict=True)]
            sums = zip(MODELS, tokens, cents, strict=True)
            so_far = tuple(ModelUsage(model, Usage(input=count, cost=money / 100)) for model, count, money in sums)
            said.append(RunSettled(False, so_far=so_far, id=f"{number}-{at}"))
    return said


def record(event: Event, line: int, agent: AgentId = ADA, epoch: int = 1) -> Record:
    """Return an event at its place."""
    return Record(agent, epoch, line, line * 100, line * 100 + 100, 1000.0 + line, event)


class Tables:
    """The tables of a store in memory."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        schema.upgrade(self.connection)
        self._streams = statements.Streams()

    def append(self, *records: Record) -> None:
        """Add records of one agent as the store does."""
        statements.add_records(self.connection, self._streams, records[0].agent, records, None)

    def made(self, agent: AgentId, at: float) -> None:
        """Remember when an agent was made."""
        self.connection.execute(
            "INSERT INTO agents (id, name, kind, vm_id, role, program, labels, parent, paths_directory, workspace,"
            " run_id, created_at) VALUES (?, ?, 'worker', '', '', 'claude', '[]', '', '', '', '', ?)",
            (agent, agent, at),
        )

    def spent(self) -> dict[tuple[AgentId, str], tuple[int, float]]:
        """Return the tokens and dollars of each agent and model."""
        found: dict[tuple[AgentId, str], tuple[int, float]] = {}
        for bucket in charges.read_buckets(self.connection, 0.0, 1e6):
            found[bucket.agent or AgentId("?"), bucket.model] = (bucket.usage.tokens, round(bucket.usage.cost, 6))
        return {key: sums for key, sums in found.items() if sums != (0, 0.0)}


def truth(processes: list[list[Spent]], agent: AgentId = ADA) -> dict[tuple[AgentId, str], tuple[int, float]]:
    """Return what was spent, summed by hand."""
    found = {
        (agent, model): (
            sum(run.tokens[at] for runs in processes for run in runs),
            round(sum(run.cents[at] for runs in processes for run in runs) / 100, 6),
        )
        for at, model in enumerate(MODELS)
    }
    return {key: sums for key, sums in found.items() if sums != (0, 0.0)}


@settings(max_examples=60, deadline=None)
@given(PROCESSES, st.data())
def test_each_run_is_charged_its_own_in_whatever_order_the_lines_are_read(
    processes: list[list[Spent]], data: st.DataObject
) -> None:
    tables, records = Tables(), [record(event, line) for line, event in enumerate(written(processes), 1)]
    again = data.draw(st.lists(st.sampled_from(records), max_size=6))
    for one in data.draw(st.permutations(records + again)):
        tables.append(one)
    assert tables.spent() == truth(processes)


@settings(max_examples=40, deadline=None)
@given(PROCESSES, st.data())
def test_a_file_that_is_read_anew_under_another_epoch_adds_only_what_is_new(
    processes: list[list[Spent]], data: st.DataObject
) -> None:
    tables, said = Tables(), written(processes)
    known = data.draw(st.integers(1, len(said)))
    moved = data.draw(st.integers(0, 50))
    tables.append(*(record(event, line) for line, event in enumerate(said[:known], 1)))
    tables.append(*(record(event, line + moved, epoch=2) for line, event in enumerate(said, 1)))
    assert tables.spent() == truth(processes)


@pytest.mark.parametrize("copy_first", [False, True])
def test_a_copied_machine_goes_on_with_the_sums_of_its_process_and_owes_nothing_for_before(copy_first: bool) -> None:
    """Its memory is copied with it: the process of the copy counts on from where the original's was."""
    before, own = [Spent((100, 10), (50, 5))], Spent((7, 0), (3, 0))
    original, whole = written([before]), written([[*before, own]])
    tables = Tables()
    tables.made(ADA, 10.0)
    tables.made(BOB, 500.0)
    ways = [
        [record(event, line) for line, event in enumerate(original, 1)],
        [record(event, line, BOB) for line, event in enumerate(whole, 1)],
    ]
    for records in reversed(ways) if copy_first else ways:
        tables.append(*records)
    assert tables.spent() == truth([before]) | {(BOB, "opus"): (7, 0.03)}


def test_whoever_sums_up_what_was_added_learns_that_an_older_charge_changed() -> None:
    tables, said = Tables(), written([[Spent((10, 0), (10, 0)), Spent((5, 0), (5, 0))]])
    tables.append(record(said[2], 3))
    newest, number = charges.read_mark(tables.connection)
    tables.append(record(said[1], 2))
    later, count = charges.read_mark(tables.connection)
    assert count - number != later - newest, "by the numbers alone it is seen that all have to be read"


@settings(max_examples=60, deadline=None)
@given(PROCESSES, st.integers(0, 3))
def test_the_agents_row_says_the_same_sum(processes: list[list[Spent]], unread: int) -> None:
    """Also where the file was first read from somewhere in its midst: a process's sums tell what was before."""
    agent = Agent(ADA, "ada", AgentKind.LIEUTENANT, VmId("ada"))
    first = processes[0]
    unread = min(unread, max(0, len(first) - 1)) if first else 0
    for line, event in enumerate(written(processes), 1):
        if not 1 <= line <= unread:
            agent = reduce_agent(agent, record(event, line))
    wanted = truth(processes)
    assert agent.usage.tokens == sum(tokens for tokens, _ in wanted.values())
    assert agent.usage.cost == pytest.approx(sum(cost for _, cost in wanted.values()))


def test_a_process_whose_sums_fell_began_anew_though_nobody_saw_it() -> None:
    tables = Tables()
    for line, tokens in enumerate((100, 250, 40, 60), 1):
        tables.append(record(RunSettled(so_far=(ModelUsage("opus", Usage(input=tokens)),), id=f"r{line}"), line))
    assert tables.spent() == {(ADA, "opus"): (310, 0.0)}


def test_a_model_with_half_a_character_in_its_name_is_charged_as_any_other() -> None:
    tables = Tables()
    for line, tokens in enumerate((100, 250), 1):
        tables.append(record(RunSettled(so_far=(ModelUsage("op\ud800us", Usage(input=tokens)),), id=f"r{line}"), line))
    assert tables.spent() == {(ADA, "op\ufffdus"): (250, 0.0)}


def test_a_run_that_was_cut_short_says_less_than_it_cost() -> None:
    tables = Tables()
    tables.append(record(RunSettled(True, so_far=(ModelUsage("opus", Usage(input=1)),), id="x"), 1))
    [bucket] = charges.read_buckets(tables.connection, 0.0, 1e6)
    assert not bucket.whole
