"""Keeps cells in their places where a terminal orders lines by the direction of their letters.

Konsole, mlterm, PuTTY, macOS' Terminal and those built on VTE run the bidirectional algorithm (Unicode, UAX #9) over
each line. What stands between two words of Hebrew or Arabic, and each number behind one, is a part of their run there:
columns change places. The marks made against that (LRM, the isolates) have no cell, and most of these terminals leave
them out. So a blank beside such words is sent as the blank pattern of Braille: it is drawn as nothing, takes a cell
everywhere, and is a letter written from left to right, which ends the run.
"""

from __future__ import annotations

import re
from unicodedata import bidirectional

from cockpit.ui.terminal.cells import BLANK, CellRow

STRONG_BLANK = "\u2800"
"""Drawn as nothing, one cell wide, of the class L (Unicode, BidiClass)."""

_FROM_THE_RIGHT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]")
"""The blocks whose letters are written from right to left."""

LEFT, RIGHT, NEITHER = "L", "R", ""


def steadied(row: CellRow) -> CellRow:
    """Return a line whose cells keep their places in every terminal; the same one where nothing needs it."""
    if _FROM_THE_RIGHT.search("".join(row.texts)) is None:
        return row
    kinds = [_kind(text) for text in row.texts]
    if RIGHT not in kinds:
        return row
    steady = row.copy()
    at = kinds.index(RIGHT)
    if LEFT not in kinds[:at] and BLANK in row.texts[:at]:
        # Some take the direction of the whole line from its first letter.
        steady.texts[row.texts.index(BLANK)] = STRONG_BLANK
    while True:
        last = _end_of_run(row, kinds, at)
        behind = next((x for x in range(last + 1, len(kinds)) if kinds[x] in (LEFT, RIGHT)), len(kinds))
        blank = next((x for x in range(last + 1, behind) if row.texts[x] == BLANK), behind)
        taken_in = kinds[behind : behind + 1] == [RIGHT] or any(map(_is_number, row.texts[blank:behind]))
        if blank < behind and taken_in:
            steady.texts[blank] = STRONG_BLANK
        if RIGHT not in kinds[behind:]:
            return steady
        at = kinds.index(RIGHT, behind)


def _end_of_run(row: CellRow, kinds: list[str], at: int) -> int:
    """Return the last letter of what is read as one: words of one style with a blank between them."""
    last = at
    for x in range(at + 1, len(kinds)):
        between = kinds[x - 1 : x + 2] == [RIGHT, NEITHER, RIGHT] and row.pens[x + 1] == row.pens[x - 1]
        if kinds[x] == RIGHT:
            last = x
        elif kinds[x] == LEFT or (row.texts[x] == BLANK and not between):
            break
    return last


def _is_number(text: str) -> bool:
    """Say whether a cell has a digit, which letters from the right take in; signs and blanks before others stay."""
    return bool(text) and bidirectional(text[0]) in ("EN", "AN")


def _kind(text: str) -> str:
    """Return the direction of a cell's letter; digits, signs and blanks have none."""
    if not text or text.isascii():
        return LEFT if text.isalpha() else NEITHER
    match bidirectional(text[0]):
        case "L":
            return LEFT
        case "R" | "AL":
            return RIGHT
        case _:
            return NEITHER
