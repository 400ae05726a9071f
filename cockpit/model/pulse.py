"""An agent's pulse: how much came from it in its last spans of activity. It stands still while nothing comes."""

from __future__ import annotations

from dataclasses import dataclass

BEAT = 4.0
"""Seconds that one bar stands for, from the first byte that came in it."""

BEATS = 24
"""Bars that are kept: as many as a wide screen shows."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """Bytes that came, bar by bar, the oldest first; time alone adds none."""

    bars: tuple[int, ...] = ()
    since: float = 0.0
    """When the last bar began, unix seconds."""


def beaten(pulse: Pulse, size: int, at: float) -> Pulse:
    """Return the pulse after some bytes came at a moment."""
    if size <= 0:
        return pulse
    if pulse.bars and 0 <= at - pulse.since < BEAT:
        return Pulse((*pulse.bars[:-1], pulse.bars[-1] + size), pulse.since)
    return Pulse((*pulse.bars, size)[-BEATS:], at)


def heights(bars: tuple[int, ...], steps: int = 8) -> tuple[int, ...]:
    """Return a height for each bar, 1 to `steps`: two bytes and four times as many are a step apart, whoever sent them.

    One measure for all agents: rows can be compared, and one large answer does not flatten what came before it.
    """
    return tuple(max(1, min(steps, (size.bit_length() - 3) // 2)) for size in bars)
