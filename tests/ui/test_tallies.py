"""A key is judged by a count of a moment ago, a header by the present one; who begins to wait is counted at once."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.fleet import Activity, ActivityState, AgentKind, Fleet
from cockpit.ui.tallies import LATELY, Tallies
from tests.ui.fake_engine import NOW
from tests.ui.scene import make_agent

WORKING = Fleet(agents=(make_agent(1, "ada", AgentKind.WORKER, Activity(ActivityState.WORKING, NOW)),))
DONE = Fleet(agents=(make_agent(1, "ada", AgentKind.WORKER, Activity(ActivityState.DONE_UNSEEN, NOW)),))


def test_what_streams_has_nobody_count_for_each_key() -> None:
    tallies = Tallies()
    assert tallies.lately(WORKING, NOW, 0).done == 0
    assert tallies.lately(DONE, NOW + LATELY * 0.9, 0).done == 0
    assert tallies.lately(DONE, NOW + LATELY, 0).done == 1


def test_who_begins_to_wait_is_counted_at_once() -> None:
    tallies = Tallies()
    assert tallies.lately(WORKING, NOW, 0).done == 0
    assert tallies.lately(DONE, NOW, 1).done == 1


def test_a_header_shows_the_newest_and_keys_go_by_it() -> None:
    tallies = Tallies()
    assert tallies.lately(WORKING, NOW, 0).done == 0
    assert tallies.of(DONE, NOW).done == 1
    assert tallies.lately(replace(WORKING), NOW, 0).done == 1


def test_a_clock_that_went_back_ends_a_count() -> None:
    tallies = Tallies()
    assert tallies.lately(WORKING, NOW, 0).done == 0
    assert tallies.lately(DONE, NOW - 1, 0).done == 1
