"""How much is on its way at once follows the link, and not the distance."""

from __future__ import annotations

from cockpit.remote.files.pace import LEAST, MOST, Pace


def pieces_over(bandwidth: float, distance: float, count: int = 60) -> Pace:
    """Return the pace after some pieces over a link of so many bytes a second, so many seconds away."""
    pace = Pace()
    for _ in range(count):
        pace.took(distance + pace.piece / bandwidth)
    return pace


def test_a_far_link_that_is_fast_gets_large_pieces() -> None:
    assert pieces_over(50e6, 0.001).piece == pieces_over(50e6, 0.6).piece == MOST


def test_a_slow_link_is_never_filled_for_long() -> None:
    for distance in (0.001, 0.3):
        assert pieces_over(1e6, distance).piece / 1e6 <= 0.6
    assert pieces_over(1e4, 0.1).piece <= 2 * LEAST


def test_a_link_that_becomes_slow_gets_smaller_pieces() -> None:
    pace = pieces_over(50e6, 0.05)
    for _ in range(10):
        pace.took(0.05 + pace.piece / 0.5e6)
    assert pace.piece <= 256 << 10
