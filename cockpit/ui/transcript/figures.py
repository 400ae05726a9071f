"""What an entry took: seconds and money, in few cells."""

from __future__ import annotations

from cockpit.model.transcript.entry import Entry
from cockpit.text.clean import NOTHING, Clean, joined, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.look.cells import duration


def figures(entry: Entry, *, from_seconds: float) -> Clean:
    """Say how long an entry took, where that is long enough to be asked for, and what it cost; empty if neither."""
    took = entry.duration if entry.duration is not None and entry.duration >= from_seconds else None
    return spent(took, entry.cost)


def spent(seconds: float | None, cost: float | None) -> Clean:
    """Say seconds and money, as far as they are known and anything."""
    words = [duration(seconds)] if seconds is not None else []
    if cost:
        words.append(money(cost))
    return joined(words, ours(" ")) if words else NOTHING


def money(cost: float) -> Clean:
    """Say what something cost, in cents from a cent on."""
    if cost >= 0.01:
        return our_line("${:.2f}", cost)
    return our_line("${:.3f}", cost) if cost >= 0.001 else ours("<$.001")
