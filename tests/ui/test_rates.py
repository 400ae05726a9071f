"""Rates and courses: the day's end at the last hour's rate, and nothing that was spent is drawn as nothing."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.content import Usage
from cockpit.model.usage.bucket import Bucket
from cockpit.model.usage.days import day_of
from cockpit.model.usage.rates import day_spending, levels
from tests.model.usage.answers import ADA

AT_TEN = datetime(2026, 11, 29, 22, 0).timestamp()


def spent(ago: float, cost: float, tokens: int = 0) -> Bucket:
    """Return what was spent so many seconds before ten in the evening."""
    return Bucket(ADA, "", AT_TEN - ago, "m", "p", Usage(tokens, cost=cost), 1)


def test_the_day_ends_at_the_last_hours_rate() -> None:
    found = day_spending([spent(10, 1.0, 500), spent(3000, 2.0, 500), spent(7200, 4.0), spent(25 * 3600, 8.0)], AT_TEN)
    assert found.usage.cost == 7.0
    assert found.last_hour.cost == 3.0
    assert found.end_cost == 7.0 + 2 * 3.0
    assert found.tokens_per_minute == 100.0
    assert len(found.course) == 45
    assert (found.course[-1], found.course[-2], found.course[-3]) == (1.0 * 0, 3.0 - 2.0, 2.0)


def test_the_hour_before_midnight_counts_for_the_rate_and_not_for_the_day() -> None:
    midnight = datetime(2026, 11, 30).timestamp()
    found = day_spending([Bucket(ADA, "", midnight - 60, "m", "p", Usage(cost=3.0), 1)], midnight + 60)
    assert (found.usage.cost, found.last_hour.cost) == (0.0, 3.0)
    assert found.end_cost == pytest.approx(3.0 * (24 - 1 / 60))


def test_what_has_no_price_is_shown_in_tokens() -> None:
    found = day_spending([spent(10, 0.0, 700)], AT_TEN)
    assert (found.in_money, max(found.course)) == (False, 700)


@given(st.floats(0, 4e9))
def test_a_moment_lies_in_its_day(at: float) -> None:
    begin, end = day_of(at)
    assert begin <= at < end
    assert 22 * 3600 < end - begin < 26 * 3600


@given(st.lists(st.floats(0, 1e9), max_size=60), st.integers(0, 50))
def test_a_course_fits_its_room_and_what_was_spent_is_seen(course: list[float], width: int) -> None:
    found = levels(course, width)
    assert len(found) <= width
    assert all(0 <= level <= 8 for level in found)
    assert (sum(found) > 0) == (width > 0 and any(value > 0 for value in course))
