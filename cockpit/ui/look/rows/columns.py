"""How the width of a table is shared out: columns grow and shrink by what they hold, and none of it is left over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cockpit.text.clean import Clean

ROOMY = 140
"""Cells from which on two blanks part the columns."""

EVER = 1_000
"""Cells of a column that takes whatever is left over."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column: what it needs, what it would like, and when it goes."""

    name: str
    heading: Clean
    """Empty where its words say themselves what they are."""
    least: int
    """Cells below which it is not shown at all."""
    natural: int
    """Cells in which nothing of it is cut, or enough of it is seen."""
    most: int
    """Cells that are of use to it."""
    keep: int
    """The order in which columns get room: the smallest is the last to go and to be cut."""
    extra: int | None = None
    """It is shown only where nothing of the others is cut, and so many cells are left to them besides."""


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a table, as wide as they are."""

    gap: int = 1
    """Blanks between two columns."""
    cells: Mapping[str, int] = field(default_factory=dict)
    """The width of each column that is shown, in the order in which they stand."""

    def width(self, name: str) -> int:
        """Return the cells of a column, 0 where it is not shown."""
        return self.cells.get(name, 0)

    def places(self) -> dict[str, int]:
        """Return where each column begins."""
        found: dict[str, int] = {}
        at = 0
        for name, cells in self.cells.items():
            found[name] = at
            at += cells + self.gap
        return found


def allot(columns: Sequence[TableColumn], width: int) -> Table:
    """Share a width out among columns that stand in this order.

    Each that fits gets the least it needs; what is left over goes to those that count most until nothing of them is
    cut, and then to those that can use it. The columns that are shown fill the width exactly.
    """
    gap = 1 if width < ROOMY else 2
    shown: dict[str, int] = {}
    left, spare = width, width
    wanted = [column for column in sorted(columns, key=lambda column: column.keep) if column.natural > 0]
    for column in wanted:
        between = gap if shown else 0
        if column.least + between > (left if column.extra is None else spare - column.extra):
            break
        shown[column.name] = column.least
        left -= column.least + between
        spare -= column.natural + between
    if not shown and wanted:
        shown[wanted[0].name], left = max(0, width), 0
    first = [(column, column.natural) for column in wanted]
    then = sorted(((column, column.most) for column in wanted), key=lambda pair: pair[1])
    for column, goal in (*first, *then):
        if column.name in shown:
            more = min(left, max(0, goal - shown[column.name]))
            shown[column.name] += more
            left -= more
    if left:
        shown[max(shown, key=lambda name: next(one.most for one in wanted if one.name == name))] += left
    return Table(gap, {column.name: shown[column.name] for column in columns if column.name in shown})
