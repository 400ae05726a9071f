"""The difference between what the terminal shows and what it shall show, as the shortest text we know for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from unicodedata import east_asian_width

from cockpit.ui.terminal.cells import PLAIN, REST, CellRow, Pen

BRIDGE = 4
"""Unchanged cells that are rather written again than passed over: a move costs as many bytes."""


def move(x: int, y: int) -> str:
    """Return what sets the cursor (CUP, ECMA-48 8.3.21)."""
    return f"\x1b[{y + 1};{x + 1}H"


@lru_cache(maxsize=4096)
def change_of_pen(before: Pen, after: Pen) -> str:
    """Return the shortest SGR from one pen to another (ECMA-48, 8.3.117)."""
    if before == after:
        return ""
    if after == PLAIN:
        return "\x1b[m"
    codes = []
    if before.attributes != after.attributes:
        # Attributes cannot be taken back one by one in the same way everywhere: all begins anew.
        if before.attributes:
            codes.append("")
            before = PLAIN
        if after.attributes:
            codes.append(after.attributes)
    if before.colour != after.colour:
        codes.append(after.colour or "39")
    if before.ground != after.ground:
        codes.append(after.ground or "49")
    return f"\x1b[{';'.join(codes)}m"


class FrameDifference:
    """Collects one frame's changes."""

    def __init__(self, pen: Pen | None) -> None:
        """Begin with nothing changed, and the pen that the terminal has; None where that is not known."""
        self._parts: list[str] = [] if pen is not None else ["\x1b[m"]
        self.pen = pen or PLAIN
        """The terminal's pen after what is collected. It stays so: the next frame often goes on with it."""
        self._x = self._y = -1
        """Where the terminal's cursor certainly is; -1 where that is not certain."""

    def add(self, y: int, wanted: CellRow, shown: CellRow | None) -> None:
        """Take the line `y`; `shown` of None says that nothing is known of it."""
        if wanted == shown:
            return
        changed = range(len(wanted.texts)) if shown is None else changed_cells(wanted, shown)
        for x in changed:
            if wanted.texts[x] != REST:
                self._cell(x, y, wanted)

    def text(self, cursor: tuple[int, int], before: tuple[int, int] | None) -> str:
        """Return what makes the terminal show the changes, with its cursor at `cursor` in the end.

        Args:
            cursor: a column and a line.
            before: where the cursor was; None where that is not known.
        """
        stays = cursor == ((self._x, self._y) if self._parts else before)
        return "".join(self._parts) + ("" if stays else move(*cursor))

    def _cell(self, x: int, y: int, row: CellRow) -> None:
        text, pen = row.texts[x], row.pens[x]
        if (self._x, self._y) != (x, y):
            self._go(x, y, row)
        if pen is not self.pen:
            self._parts.append(change_of_pen(self.pen, pen))
            self.pen = pen
        if text.isascii():
            self._parts.append(text)
            # Behind the last cell the cursor is on it, or beyond it: terminals differ.
            self._x = x + 1 if x + 1 < len(row.texts) else -1
            return
        if len(text) > 1 and row.texts[x + 1 : x + 2] == [REST]:
            # Terminals do not agree on the width of such a character: what it may leave open is blank, not old.
            self._parts.append(f"  {move(x, y)}")
        self._parts.append(text)
        self._x = x + 1 if is_one_cell(text) and x + 1 < len(row.texts) else -1

    def _go(self, x: int, y: int, row: CellRow) -> None:
        gap = x - self._x
        if self._y == y and self._x >= 0 and gap > 0:
            between = row.texts[self._x : x]
            same = all(pen is self.pen for pen in row.pens[self._x : x])
            if gap <= BRIDGE and same and all(text.isascii() and text != REST for text in between):
                self._parts.extend(between)
            else:
                self._parts.append(f"\x1b[{gap}C" if gap > 1 else "\x1b[C")
        else:
            self._parts.append(move(x, y))
        self._x, self._y = x, y


def changed_cells(wanted: CellRow, shown: CellRow) -> Sequence[int]:
    """Return which cells differ, in order, and with each the rest of what it is a part of, or destroys a part of."""
    size = len(wanted.texts)
    lines = zip(wanted.texts, shown.texts, wanted.pens, shown.pens, strict=True)
    found = [x for x, (text, before, pen, old) in enumerate(lines) if text != before or (pen is not old and pen != old)]
    if REST not in wanted.texts and REST not in shown.texts:
        return found
    changed = set(found)
    while found:
        x = found.pop()
        for row in (wanted.texts, shown.texts):
            if row[x] == REST and x - 1 not in changed and x > 0:
                changed.add(x - 1)
                found.append(x - 1)
            if x + 1 < size and row[x + 1] == REST and x + 1 not in changed:
                changed.add(x + 1)
                found.append(x + 1)
    return sorted(changed)


@lru_cache(maxsize=4096)
def is_one_cell(text: str) -> bool:
    """Say whether terminals agree that a character is one cell wide: of what is wider, or has marks, none is sure."""
    return len(text) == 1 and ord(text) < PICTURES and text != SOFT_HYPHEN and east_asian_width(text) not in ("W", "F")


PICTURES = 0x1F000
"""From here on are the pictures (Unicode, emoji-data.txt): their width grew from version to version."""
SOFT_HYPHEN = "\xad"
