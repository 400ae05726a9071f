"""A table within an answer: columns as wide as they need to be, narrowed fairly where there is no room for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.text.clean import NOTHING, Clean, joined, ours, repeated
from cockpit.text.sanitize import StyledLine, our_line
from cockpit.ui.look.cells import Piece, width_of
from cockpit.ui.transcript.folding import BLANK, TextLine, wrapped
from cockpit.ui.transcript.inline import StyledWords, words_of

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

BETWEEN = ours(" │ ")
CROSSING = ours("─┼─")

NARROWEST = 4
"""Cells that a column has at least."""

NARROW = 8
"""Cells a column has at least on average; where there is less, each row is a list of its cells."""

Cells = tuple[list[StyledWords], ...]


def table_lines(table: SyntaxTreeNode, width: int, bar: Clean) -> list[TextLine]:
    """Return the lines of a table at a width in cells, a bar before each."""
    rows = [_cells(row) for part in table.children for row in part.children]
    headed = table.children[0].type == "thead" if table.children else False
    aligned = [str(cell.attrs.get("style", "")).rpartition(":")[2] for cell in table.children[0].children[0].children]
    columns = max((len(row) for row in rows), default=0)
    room = width - width_of(bar) - width_of(BETWEEN) * (columns - 1)
    if room < columns * NARROW:
        return _as_list(rows if not headed else rows[1:], rows[0] if headed else (), width, bar)
    widths = fair_widths([max(map(_natural, cells), default=0) for cells in _by_column(rows, columns)], room)
    lines: list[TextLine] = []
    for number, row in enumerate(rows):
        lines += _row(row, widths, aligned, bar, "bold" if headed and not number else "")
        if headed and not number:
            rule = joined((repeated(ours("─"), cells) for cells in widths), CROSSING)
            lines.append(TextLine(((bar, ""), (rule, "$faint")), len(bar)))
    return lines


def _as_list(rows: list[Cells], names: Cells, width: int, bar: Clean) -> list[TextLine]:
    """Return rows that have no room side by side: each cell in lines of its own, behind the name of its column."""
    lines: list[TextLine] = []
    for row in rows:
        if lines:
            lines.append(BLANK)
        for column, cell in enumerate(row):
            name = names[column][0].text if column < len(names) and names[column] else NOTHING
            for number, words in enumerate(cell):
                head = our_line("{}: ", name) if name and not number else NOTHING
                marks = [(0, len(head), "bold"), *((a + len(head), b + len(head), s) for a, b, s in words.marks)]
                lines += wrapped(StyledLine(joined((head, words.text))), width, bar, "", marks=marks, hang=2)
    return lines


def fair_widths(natural: list[int], room: int) -> list[int]:
    """Return the widths of columns: each as wide as it wants to be, or as what is left allows when all share it.

    Args:
        natural: what each wants, in cells.
        room: what they have together, in cells.
    """
    widths = [max(1, wanted) for wanted in natural]
    while sum(widths) > room:
        widest = max(widths)
        if widest <= NARROWEST:
            break
        # The widest give first: those that are short stay whole.
        others = max((width for width in widths if width < widest), default=NARROWEST)
        many = widths.count(widest)
        excess = sum(widths) - room
        target = max(others, NARROWEST, widest - -(-excess // many))
        widths = [target if width == widest else width for width in widths]
    return widths


def _cells(row: SyntaxTreeNode) -> Cells:
    return tuple(words_of(cell.children[0]) if cell.children else [StyledWords(NOTHING)] for cell in row.children)


def _by_column(rows: list[Cells], columns: int) -> list[list[list[StyledWords]]]:
    return [[row[column] for row in rows if column < len(row)] for column in range(columns)]


def _natural(cell: list[StyledWords]) -> int:
    return max((width_of(words.text) for words in cell), default=0)


def _row(row: Cells, widths: list[int], aligned: list[str], bar: Clean, base: str) -> list[TextLine]:
    """Return the lines of a row: as many as its longest cell has at the width of its column."""
    folded = [
        [
            line
            for words in (row[column] if column < len(row) else ())
            for line in wrapped(StyledLine(words.text), width, NOTHING, "", base=base, marks=words.marks)
        ]
        for column, width in enumerate(widths)
    ]
    lines: list[TextLine] = []
    for number in range(max(map(len, folded), default=0)):
        pieces: list[Piece] = [(bar, "")]
        for column, width in enumerate(widths):
            if column:
                pieces.append((BETWEEN, "$faint"))
            own = folded[column][number].pieces if number < len(folded[column]) else ()
            gap = max(0, width - sum(width_of(text) for text, _ in own))
            before = _before(aligned[column] if column < len(aligned) else "", gap)
            pieces += [(repeated(ours(" "), before), ""), *own, (repeated(ours(" "), gap - before), "")]
        lines.append(TextLine(tuple(piece for piece in pieces if piece[0]), len(bar)))
    return lines


def _before(alignment: str, gap: int) -> int:
    """Return how many of the empty cells stand before the words."""
    return {"right": gap, "center": gap // 2}.get(alignment, 0)
