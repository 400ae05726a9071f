"""A pulse moves because bytes came, and for no other reason."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.pulse import BEAT, BEATS, Pulse, beaten, heights

ARRIVALS = st.lists(st.tuples(st.integers(1, 10**9), st.floats(0, 100)), max_size=60)


@given(ARRIVALS)
def test_no_byte_is_lost_while_it_is_in_sight_and_no_bar_is_empty(arrivals: list[tuple[int, float]]) -> None:
    pulse, at, total = Pulse(), 0.0, 0
    for size, pause in arrivals:
        at += pause
        total += size
        pulse = beaten(pulse, size, at)
    assert all(pulse.bars)
    assert len(pulse.bars) <= BEATS
    assert sum(pulse.bars) == total or len(pulse.bars) == BEATS


def test_what_comes_within_a_beat_is_one_bar_however_long_the_silence_before() -> None:
    pulse = beaten(beaten(Pulse(), 10, 100.0), 5, 100.0 + BEAT - 0.1)
    assert pulse.bars == (15,)
    assert beaten(pulse, 7, 10_000.0).bars == (15, 7)
    assert beaten(pulse, 0, 20_000.0) is pulse


@given(st.lists(st.integers(1, 10**12), max_size=30))
def test_more_bytes_are_never_a_lower_bar(sizes: list[int]) -> None:
    ordered = sorted(sizes)
    found = heights(tuple(ordered))
    assert list(found) == sorted(found)
    assert all(1 <= height <= 8 for height in found)
