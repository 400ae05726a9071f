"""Cells: what one place of the terminal shows, and how a strip of Textual becomes a row of them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from rich.cells import split_graphemes
from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

from cockpit.ui.terminal.colours import shown_as, without_black
from cockpit.ui.widths import is_spacing_mark, teach

teach()

BLANK = " "
REST = ""
"""Stands in the cells that a wider character before them covers."""
MOST_MARKS = 16
"""Characters of one cell: a longer pile of combining marks is nobody's text, and each repaint would send it again."""

SGR_ATTRIBUTES = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53")
"""The codes of Rich's attributes by their bits (ECMA-48, 8.3.117); `21` is a double underline."""


class Pen(NamedTuple):
    """How characters are drawn, as parameters of SGR (ECMA-48); empty parts are the terminal's own."""

    attributes: str = ""
    ground: str = ""
    colour: str = ""


PLAIN = Pen()


@dataclass(slots=True)
class CellRow:
    """One line of cells: a text and a pen for each.

    A text is one character with its marks, `REST` where a wider one reaches to, and never a control character.
    """

    texts: list[str] = field(default_factory=list)
    pens: list[Pen] = field(default_factory=list)

    @classmethod
    def blank(cls, width: int) -> CellRow:
        """Return an empty line of `width` cells."""
        return cls([BLANK] * width, [PLAIN] * width)

    def copy(self) -> CellRow:
        """Return another line with the same cells."""
        return CellRow(self.texts.copy(), self.pens.copy())

    def put(self, at: int, cells: CellRow) -> None:
        """Lay cells over this line from the cell `at` on, as far as it reaches; what they cut in half becomes blank."""
        room = len(self.texts) - at
        if at < 0 or room <= 0:
            return
        texts, pens = cells.texts[:room], cells.pens[:room]
        end = at + len(texts)
        if not texts:
            return
        if len(cells.texts) > room and cells.texts[room] == REST:
            _halve(texts, len(texts) - 1)
        if self.texts[at] == REST:
            _halve(self.texts, at - 1)
        self.texts[at:end] = texts
        self.pens[at:end] = pens
        for orphan in range(end, len(self.texts)):
            if self.texts[orphan] != REST:
                break
            self.texts[orphan] = BLANK


def _halve(texts: list[str], at: int) -> None:
    """Blank what is left of a wide character, of which `at` is the last cell that stays."""
    while at > 0 and texts[at] == REST:
        texts[at] = BLANK
        at -= 1
    texts[at] = BLANK


def cells_of(strip: Strip, colours: ColorSystem | None) -> CellRow:
    """Return a strip's cells."""
    row = CellRow()
    texts, pens = row.texts, row.pens
    for text, style, control in strip:
        if control or not text:
            continue
        pen = PLAIN if style is None else pen_of(style, colours)
        if text.isascii() and text.isprintable():
            texts.extend(text)
            pens.extend([pen] * len(text))
        else:
            _spell(text, pen, row)
    return row


def _spell(text: str, pen: Pen, row: CellRow) -> None:
    """Add a text that is more than ASCII, character by character."""
    spans, _ = split_graphemes(text)
    for start, end, width in spans:
        grapheme = printable(text[start:end])
        if row.texts and width and is_spacing_mark(grapheme[:1]):
            # It is drawn with the letter before it: what is sent of the two is sent together.
            row.texts[_last_of(row)] += grapheme
            row.texts.append(REST)
            row.pens.append(pen)
            continue
        if width == 0:
            # A mark at the start of a segment belongs to the character before it; without one it has no place.
            last = _last_of(row)
            if last >= 0 and grapheme and len(row.texts[last]) < MOST_MARKS:
                row.texts[last] += grapheme
            continue
        row.texts.append(grapheme[:MOST_MARKS] or BLANK)
        row.texts.extend([REST] * (width - 1))
        row.pens.extend([pen] * width)


def _last_of(row: CellRow) -> int:
    """Return where the last character of a line begins; -1 of an empty one."""
    last = len(row.texts) - 1
    while last > 0 and row.texts[last] == REST:
        last -= 1
    return last


def printable(grapheme: str) -> str:
    """Return a character with its marks, without any control character: none can pass by a cell."""
    if grapheme.isprintable():
        return grapheme
    return "".join(mark for mark in grapheme if unicodedata.category(mark) not in ("Cc", "Cs", "Zl", "Zp"))


@lru_cache(maxsize=4096)
def pen_of(style: Style, colours: ColorSystem | None) -> Pen:
    """Return how a style is drawn; links and what Textual notes in a style are no part of it.

    Where there are to be no colours (None) what stands for one that is no colour is left: reversed, underlined, dim.
    """
    attributes = style._attributes & style._set_attributes
    ground, colour, added = without_black(style._bgcolor, style._color)
    attributes |= added
    if colours is None:
        return _pen(attributes, "", "")
    return _pen(
        attributes,
        "" if ground is None else ";".join(shown_as(ground, colours).get_ansi_codes(foreground=False)),
        "" if colour is None else ";".join(shown_as(colour, colours).get_ansi_codes()),
    )


def _pen(attributes: int, ground: str, colour: str) -> Pen:
    pen = Pen(";".join(code for bit, code in enumerate(SGR_ATTRIBUTES) if attributes & (1 << bit)), ground, colour)
    return PLAIN if pen == PLAIN else pen
