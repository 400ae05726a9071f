"""When the operator is called: once for each occasion, held for three seconds, urgent at once, by one at a time.

The clock is virtual: a timeline says which facts hold in which of its ticks, and the oracle reads the timeline alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.ids import AgentId
from cockpit.model.notices.condition import Condition
from cockpit.model.notices.notifier import SETTLING, URGENT_GAP, CallTimer, Occasion, Summons

TICK = 0.5
DIGEST = 10.0
HELD = 3.0
"""Seconds that the task sets."""


def fact(number: int, *, urgent: bool) -> Condition:
    agent = AgentId(f"agent-{number}")
    return Condition(
        f"{'urgent' if urgent else 'calm'} {number}",
        "asking" if urgent else "done",
        f"{agent} calls",
        urgent,
        agent,
        f"a{number}",
    )


FACTS = [fact(number, urgent=number % 2 == 0) for number in range(6)]


@dataclass(frozen=True)
class Span:
    """In which ticks a fact holds."""

    fact: int
    first: int
    ticks: int

    def holds(self, tick: int) -> bool:
        return self.first <= tick < self.first + self.ticks


spans = st.lists(st.builds(Span, st.integers(0, 5), st.integers(0, 120), st.integers(1, 60)), max_size=12).map(
    lambda found: [one for at, one in enumerate(found) if one.fact not in [other.fact for other in found[:at]]]
)


def run(
    timeline: list[Span], *, ticks: int = 240, restart: int | None = None, attended: frozenset[int] = frozenset()
) -> list[Summons]:
    """Tell what a timeline calls for; at one of its ticks another process takes over with what was told."""
    notifier = CallTimer(DIGEST)
    told: list[Summons] = []
    notifier.begin(0.0)
    looking_on = CallTimer(DIGEST)
    for tick in range(ticks):
        now = tick * TICK
        found = [FACTS[one.fact] for one in timeline if one.holds(tick)]
        words = {one.agent: one.state for one in found if one.agent is not None}
        looks_at = [AgentId(f"agent-{number}") for number in attended]
        if tick == restart:
            looking_on.begin(now, notifier.told)
            notifier = looking_on
        elif notifier is not looking_on:
            assert looking_on.observe(found, words, now, attended=looks_at) == ()
        told += notifier.observe(sorted(found, key=lambda one: not one.urgent), words, now, attended=looks_at)
    return told


def keys(told: list[Summons]) -> list[str]:
    return [change.condition.key for one in told for change in one.changes]


@given(timeline=spans, restart=st.none() | st.integers(20, 200))
@settings(max_examples=150)
def test_nothing_is_told_twice_nor_before_it_held_nor_when_it_is_over(
    timeline: list[Span], restart: int | None
) -> None:
    told = run(timeline, restart=restart)
    assert len(keys(told)) == len(set(keys(told)))
    for one in told:
        tick = round(one.at / TICK)
        for change in one.changes:
            span = next(span for span in timeline if FACTS[span.fact] == change.condition)
            assert span.holds(tick)
            assert (tick - span.first) * TICK >= HELD


@given(timeline=spans)
@settings(max_examples=150)
def test_what_is_urgent_and_stays_is_told_within_seconds(timeline: list[Span]) -> None:
    told = run(timeline)
    for span in timeline:
        one, began = FACTS[span.fact], span.first * TICK
        due = max(began + HELD, SETTLING)
        limit = due + (URGENT_GAP if one.urgent else DIGEST) + TICK
        if began + span.ticks * TICK > limit + TICK:
            (summons,) = [found for found in told if one in [change.condition for change in found.changes]]
            assert due <= summons.at <= limit


@given(timeline=spans, restart=st.integers(20, 200))
def test_whoever_takes_over_gives_one_sum_at_most_and_no_storm(timeline: list[Span], restart: int) -> None:
    told = [one for one in run(timeline, restart=restart) if one.at >= restart * TICK]
    sums = [one for one in told if one.occasion is Occasion.SUM]
    assert len(sums) <= 1
    # Until it is read what there is nobody is called, and what waited by then is in the sum alone.
    assert all(one.at >= restart * TICK + SETTLING for one in told)
    assert not sums or told[0] is sums[0]


@given(timeline=spans, attended=st.frozensets(st.integers(0, 5)))
def test_of_whom_somebody_looks_at_nothing_is_told_not_even_later(
    timeline: list[Span], attended: frozenset[int]
) -> None:
    told = run(timeline, attended=attended)
    assert not {FACTS[number].key for number in attended} & set(keys(told))


@given(timeline=spans)
def test_urgent_calls_keep_their_distance(timeline: list[Span]) -> None:
    times = [one.at for one in run(timeline) if one.occasion is Occasion.URGENT]
    assert all(later - earlier >= URGENT_GAP for earlier, later in pairwise(times))


def test_a_storm_is_one_call() -> None:
    storm = [fact(number, urgent=True) for number in range(40)]
    notifier = CallTimer(DIGEST)
    notifier.begin(0.0)
    notifier.observe([], {}, SETTLING)
    told = [one for tick in range(40) for one in notifier.observe(storm, {}, 20 + tick * TICK)]
    assert [len(one.changes) for one in told] == [40]


def test_what_is_snoozed_is_told_when_that_ends() -> None:
    notifier, one = CallTimer(DIGEST), fact(0, urgent=True)
    notifier.begin(0.0)
    notifier.observe([], {}, SETTLING)
    for second in range(10, 60):
        assert notifier.observe([one], {}, second, snoozed=[one.key]) == ()
    assert [found.occasion for found in notifier.observe([one], {}, 60)] == [Occasion.URGENT]


def test_the_state_before_is_told_with_the_new_one() -> None:
    notifier, one = CallTimer(DIGEST), fact(0, urgent=True)
    assert one.agent is not None
    notifier.begin(0.0)
    notifier.observe([], {one.agent: "idle"}, SETTLING)
    notifier.observe([], {one.agent: "working"}, 20)
    notifier.observe([one], {one.agent: "asking"}, 21)
    (told,) = notifier.observe([one], {one.agent: "asking"}, 24)
    assert [(change.old, change.condition.state) for change in told.changes] == [("working", "asking")]


def test_one_that_comes_back_after_a_while_is_told_anew_and_one_that_flickers_is_not() -> None:
    notifier, one = CallTimer(DIGEST), fact(0, urgent=True)
    notifier.begin(0.0)
    notifier.observe([], {}, SETTLING)
    present = [*range(20, 30), *range(40, 50), *range(2000, 2010)]
    told = [
        second
        for second in range(20, 2010)
        for _ in notifier.observe([one] if second in present else [], {}, float(second))
    ]
    assert told == [23, 2003]
