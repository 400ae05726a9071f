"""Minutes of an agent: no second is counted twice or lost, whatever is recorded, and however it is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model import events as ev
from cockpit.model.events import Event, Record
from cockpit.model.extensions import DialogRequested
from cockpit.model.timeline.folding import MinutesFold
from cockpit.model.timeline.minute import AgentMinutes, Doing
from tests.model.captures import AGENT
from tests.model.events_strategy import histories

SINCE = 600_000.0
"""The beginning of a minute."""


def folded(*told: tuple[float, Event], answers: tuple[tuple[str, float], ...] = (), until: float = 0.0) -> AgentMinutes:
    """Fold events, each with the seconds since `SINCE`."""
    fold = MinutesFold(AGENT, SINCE)
    records = [Record(AGENT, 1, line, line, line + 1, SINCE + at, event) for line, (at, event) in enumerate(told, 1)]
    fold.take(records, [(dialog, SINCE + at) for dialog, at in answers], SINCE + 9_000)
    return fold.row("ada", SINCE + until if until else None)


def test_a_run_is_told_apart_by_the_minute() -> None:
    row = folded(
        (0, ev.RunStarted()),
        (10, ev.BlockStarted(0, "thinking")),
        (30, ev.BlockStarted(1, "text")),
        (50, ev.MessageEnded("assistant", usage=ev.Usage(cost=0.5), stop_reason="toolUse")),
        (50, ev.ToolStarted("c1", "bash", {})),
        (150, ev.ToolEnded("c1", "bash", "", True)),
        (170, ev.RunEnded(False)),
        (170, ev.RunSettled()),
    )
    first = row.minutes[10_000]
    assert (first.thinking, first.writing, first.tool) == (30.0, 20.0, 10.0)
    assert first.place == (1, 1) and first.cost == 0.5
    assert (row.minutes[10_001].tool, row.minutes[10_001].place) == (60.0, None)
    assert (row.minutes[10_002].tool, row.minutes[10_002].thinking, row.minutes[10_002].errors) == (30.0, 20.0, 0)
    assert row.sums.work == 170.0
    assert row.place_at(10_001, 1) == (1, 5)  # the tool that ran on
    assert row.place_at(9_000, 1) == (1, 1)


@pytest.mark.parametrize(
    ("answers", "timeout", "waited"),
    [
        ((("d1", 100.0),), None, 90.0),
        ((), 40.0, 40.0),
        ((("d2", 100.0),), None, 190.0),
        ((("d1", -500.0),), None, 190.0),
    ],
)
def test_a_question_waits_until_it_is_answered_or_its_time_is_up(
    answers: tuple[tuple[str, float], ...], timeout: float | None, waited: float
) -> None:
    row = folded(
        (0, ev.RunStarted()),
        (0, ev.ToolStarted("c1", "ask", {})),
        (10, DialogRequested("d1", "confirm", "Go on?", timeout=timeout)),
        answers=answers,
        until=200,
    )
    assert row.sums.asking == waited
    assert row.longest is not None and (row.longest.seconds, row.longest.since) == (waited, SINCE + 10)
    assert row.minutes[10_000].most is Doing.ASKING


def test_what_nobody_knows_to_go_on_ends_with_its_last_record() -> None:
    assert folded((0, ev.RunStarted()), (30, ev.BlockStarted(0, "text"))).sums.work == 30.0


def test_failures_are_those_of_the_agent_and_its_provider() -> None:
    row = folded(
        (0, ev.RunStarted()),
        (1, ev.RetryStarted(1, 3, 2.0, "overloaded")),
        (61, ev.MessageEnded("assistant", stop_reason="error", error="no")),
        (62, ev.RunEnded(False)),
        (62, ev.RunSettled()),
        (200, ev.RunStarted()),
        (201, ev.DaemonExited("", 137)),
    )
    assert [(number - 10_000, one.errors) for number, one in sorted(row.minutes.items())] == [(0, 1), (1, 1), (3, 1)]


def test_lines_that_were_read_late_are_as_old_as_their_messages_say() -> None:
    read = 3_000.0
    row = folded(
        (read, ev.RunStarted()),
        (read, ev.MessageStarted("assistant", said_at=SINCE + 60)),
        (read, ev.BlockStarted(0, "text")),
        (read, ev.MessageEnded("assistant", usage=ev.Usage(cost=1.0), said_at=SINCE + 60, duration=30.0)),
        (read, ev.RunEnded(False)),
        (read, ev.RunSettled()),
    )
    assert row.minutes[10_001].work >= 30.0
    assert row.sums.work < 60.0


def in_order(history: list[Record]) -> list[Record]:
    """Return the records with times that never go back."""
    found: list[Record] = []
    at = SINCE
    for record in history:
        at = max(at, record.at % 7_200 + SINCE)
        found.append(Record(record.agent, record.epoch, record.line, record.offset, record.end, at, record.event))
    return found


@given(histories, st.floats(0, 10_000), st.lists(st.tuples(st.sampled_from(["", "c1", "c2"]), st.floats(0, 8_000))))
def test_no_second_is_counted_twice(history: list[Record], until: float, answered: list[tuple[str, float]]) -> None:
    answers = [(dialog, SINCE + at) for dialog, at in answered]
    fold = MinutesFold(AGENT, SINCE)
    fold.take(history, answers, SINCE + 10_000)
    row = fold.row("ada", SINCE + until)
    for number, minute in row.minutes.items():
        assert SINCE // 60 <= number <= (SINCE + 10_000) // 60
        assert all(seconds >= 0 for seconds in minute[:4])
        assert minute.work + minute.asking <= 60.0001
    assert row.sums.asking == pytest.approx(sum(wait.seconds for wait in row.waits), abs=0.001)


@given(histories.map(in_order), st.integers(0, 40))
def test_reading_on_comes_to_the_same_as_reading_at_once(history: list[Record], cut: int) -> None:
    timeless = [record for record in history if getattr(record.event, "said_at", None) is None]
    whole, pieces = MinutesFold(AGENT, SINCE), MinutesFold(AGENT, SINCE)
    whole.take(timeless, [], SINCE + 10_000)
    pieces.take(timeless[:cut], [], SINCE + 10_000)
    pieces.row("ada", SINCE + 9_000)
    pieces.take(timeless[cut:], [], SINCE + 10_000)
    assert pieces.row("ada", None) == whole.row("ada", None)
