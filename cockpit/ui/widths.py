"""How many cells a spacing mark takes: one, as almost all terminals have it.

The vowel signs of Devanagari, Tamil and their like stand beside their letter. Rich counts no cell for them: in a
terminal that gives them one, what comes next is written over them, and words lose their vowels. Where a terminal
gives them none, the cell behind the letter stays blank.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache

from rich import cells
from rich.cells import CellTable

_RICH_LOOKS_UP = "load_cell_table"
_rich_table = getattr(cells, _RICH_LOOKS_UP)


def is_spacing_mark(character: str) -> bool:
    """Say whether a character is a mark with a cell of its own."""
    return not character.isascii() and unicodedata.category(character) == "Mc"


def teach() -> None:
    """Have Rich, and so Textual, count them. It is done before anything is measured."""
    if getattr(cells, _RICH_LOOKS_UP) is _rich_table:
        setattr(cells, _RICH_LOOKS_UP, _table)
        cells.get_character_cell_size.cache_clear()
        cells.cached_cell_len.cache_clear()


@cache
def _table(unicode_version: str = "auto") -> CellTable:
    table: CellTable = _rich_table(unicode_version)
    return table._replace(widths=[one for entry in table.widths for one in _parted(*entry)])


def _parted(start: int, end: int, width: int) -> Iterator[tuple[int, int, int]]:
    """Yield what is left of a range of Rich's without the marks: what stands in no range takes one cell."""
    if width:
        yield start, end, width
        return
    first = start
    for code in range(start, end + 1):
        if is_spacing_mark(chr(code)):
            if code > first:
                yield first, code - 1, width
            first = code + 1
    if first <= end:
        yield first, end, width
