"""Which of the board's columns stand side by side in a width, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 24
"""Cells of a column at least: fewer columns stand side by side rather than narrower ones."""
FOLDED = 15
"""Cells of a folded column."""


@dataclass(frozen=True, slots=True)
class Column:
    """Where a column stands."""

    at: int
    """Which of the lanes it is."""
    x: int
    width: int


def lay_out(folded: Sequence[bool], first: int, chosen: int, width: int) -> tuple[int, list[Column]]:
    """Give as many columns room as fit, a chosen one among them; those that are not folded share what is left.

    Args:
        folded: of each column, whether it is folded.
        first: the first one that stood there until now: it stays if it can.
        chosen: the one that must be there.
        width: cells.

    Returns:
        The first one that stands there now, and where each stands.
    """
    first = max(0, min(first, chosen, len(folded) - 1))

    def fitting(start: int) -> list[int]:
        room, found = width, list[int]()
        for n in range(start, len(folded)):
            room -= (FOLDED if folded[n] else LEAST) + (1 if found else 0)
            if room < 0 and found:
                break
            found.append(n)
        return found

    while chosen not in fitting(first) and first < chosen:
        first += 1
    # What scrolled out at the left comes back when there is room for it.
    while first > 0 and len(fitting(first - 1)) > len(fitting(first)):
        first -= 1
    shown = fitting(first) if folded else []
    wide = [n for n in shown if not folded[n]]
    left = width - (len(shown) - 1) - FOLDED * (len(shown) - len(wide))
    columns: list[Column] = []
    x = 0
    for n in shown:
        if n in wide:
            place = wide.index(n)
            cells = left * (place + 1) // len(wide) - left * place // len(wide)
        else:
            cells = FOLDED if wide else max(FOLDED, width // len(shown) - 1)
        columns.append(Column(n, x, max(1, min(cells, width - x))))
        x += cells + 1
    return first, columns
