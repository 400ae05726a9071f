"""What can be jumped to on a screen: each widget that can have the keys, and each row in sight of a list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual.screen import Screen
from textual.widget import Widget

from cockpit.ui.widgets.row_list import RowList

MOST = 400
"""Targets at most: two letters name no more."""


@dataclass(frozen=True, slots=True)
class Target:
    """One place to go to."""

    widget: Widget
    column: int
    row: int
    """Where its letters stand, in cells of the screen."""
    key: str = ""
    """The row's, where it is one."""

    @property
    def name(self) -> str:
        """What stays the same of it."""
        return f"{self.widget.id or id(self.widget)} {self.key}"

    def reach(self) -> None:
        """Go there."""
        self.widget.focus()
        if self.key and isinstance(self.widget, RowList):
            self.widget.go_to_key(self.key)


def targets_of(screen: Screen[object]) -> list[Target]:
    """Return what can be jumped to, the widgets before the rows."""
    widgets = [one for one in screen.focus_chain if one.region.area > 0]
    rows = [target for one in widgets if isinstance(one, RowList) for target in _rows_of(one)]
    return [*(Target(one, one.region.x, one.region.y) for one in widgets), *rows][:MOST]


def _rows_of(rows: RowList) -> Iterator[Target]:
    for line, key in rows.keys_in_sight():
        yield Target(rows, rows.content_region.x, rows.content_region.y + line, key)
