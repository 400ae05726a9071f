"""Entries have names of their own, and what is put off is in no count and comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.attention import attention
from cockpit.model.fleet import ActivityState, Fleet
from cockpit.model.inbox.entries import Group, group_of, inbox, key_of, put_off, sorted_out
from cockpit.model.inbox.shelf import PutOff, end_of
from tests.ui.fake_engine import NOW
from tests.ui.scene import fleet

SCENE = fleet()


def test_every_entry_has_a_name_of_its_own() -> None:
    keys = [key_of(item) for item in attention(SCENE, NOW)]
    assert len(keys) > 4 and len(set(keys)) == len(keys)
    assert {group_of(item) for item in attention(SCENE, NOW)} == {*Group}


@given(st.dictionaries(st.integers(0, 20), st.sampled_from(PutOff)), st.floats(0, 200_000))
def test_each_entry_is_in_exactly_one_place_and_keeps_its_order(put: dict[int, PutOff], later: float) -> None:
    items = attention(SCENE, NOW)
    shelved = [put_off(items[at % len(items)], how, NOW) for at, how in put.items()]
    found = sorted_out(items, shelved, NOW + later)
    together = [*found.shown, *found.snoozed, *found.muted]
    assert sorted(map(key_of, together)) == sorted(map(key_of, items))
    for part in (found.shown, found.snoozed, found.muted):
        assert list(part) == [item for item in items if item in part]
    assert found.counts.total == len(found.shown)


@pytest.mark.parametrize(
    ("how", "away", "back"),
    [
        (PutOff.QUARTER, 899.0, 901.0),
        (PutOff.HOUR, 3599.0, 3601.0),
        (PutOff.CHANGE, 9e9, None),
        (PutOff.MUTE, 9e9, None),
    ],
)
def test_what_is_put_off_comes_back_when_its_time_is_over(how: PutOff, away: float, back: float | None) -> None:
    item = inbox(SCENE, NOW).shown[0]
    shelved = (put_off(item, how, NOW),)
    assert item not in sorted_out((item,), shelved, NOW + away).shown
    if back is not None:
        assert item in sorted_out((item,), shelved, NOW + back).shown


def test_tomorrow_is_the_next_morning_by_the_operators_clock() -> None:
    end = end_of(PutOff.TOMORROW, NOW)
    assert end is not None
    morning, today = datetime.fromtimestamp(end), datetime.fromtimestamp(NOW)
    assert (morning.hour, morning.minute) == (8, 0) and (morning.date() - today.date()).days == 1


@pytest.mark.parametrize("how", [PutOff.QUARTER, PutOff.CHANGE])
def test_what_has_changed_comes_back_at_once_unless_it_is_muted(how: PutOff) -> None:
    def failed(at: float) -> Fleet:
        one = next(agent for agent in SCENE.agents if agent.name == "lt-web")
        activity = replace(one.activity, state=ActivityState.ERROR, error="no", since=at)
        others = (agent for agent in SCENE.agents if agent.id != one.id)
        return replace(SCENE, agents=(*others, replace(one, activity=activity)))

    before = next(item for item in attention(failed(1.0), NOW) if "lt-web" in item.sentence)
    for shelved, away in ((put_off(before, how, NOW), False), (put_off(before, PutOff.MUTE, NOW), True)):
        again = replace(failed(2.0), shelved=(shelved,))
        assert any("lt-web failed" in item.sentence for item in inbox(again, NOW).shown) is not away
        same = replace(failed(1.0), shelved=(shelved,))
        assert not any("lt-web failed" in item.sentence for item in inbox(same, NOW).shown)
