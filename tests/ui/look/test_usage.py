"""The picture of usage: it fits whatever width, hostile names stay text, and nothing spent is drawn as nothing."""

from __future__ import annotations

import pytest

from cockpit.model.content import Usage
from cockpit.model.usage.port import UsageReport
from cockpit.model.usage.spending import DaySpending, Spending
from cockpit.model.usage.standing import FLEET, Limit, Standing
from cockpit.model.usage.sums import By, Sum
from cockpit.ui.look.usage import day_words, sparkline, usage_text

HOSTILE = "ada[red]\x1b[31m\u202e\n" + "x" * 90
ONE = Sum("a", HOSTILE, Usage(1000, 200, 3000, 0, 1.25), 4, at_least=True, told=True)
DAY = DaySpending(Usage(1000, cost=4.18), True, course=(0.0, 1.0, 2.0), end_cost=6.2)
FULL = Standing(FLEET, "fleet", Limit(cost=5.0), Usage(cost=5.5), ())
REPORT = UsageReport(0.0, 1.0, ONE, (ONE,), spending=Spending(DAY, (FULL,)))


@pytest.mark.parametrize("width", [76, 100, 140])
def test_it_fits_and_what_others_wrote_stays_text(width: int) -> None:
    text = usage_text(REPORT, By.AGENT, width).plain
    assert "\x1b" not in text and "\u202e" not in text
    table = [line for line in text.split("\n") if "$1.25" in line]
    assert len(table) == 2 and all(len(line) <= width for line in table)
    assert "~≥$1.25" in text and "at least $4.18" in text and "over its $5.00" in text and "110%" in text


def test_the_header_says_nothing_until_something_was_spent() -> None:
    assert (day_words(DaySpending()), day_words(DAY)) == ("", "≥$4.18 today")
    assert sparkline((0.0, 1.0, 8.0), 3) == "·▁█"
