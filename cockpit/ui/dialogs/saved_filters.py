"""The filters that have names, to choose one, to drop one, or to keep the present one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from cockpit.model.desk import SavedFilter
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.pick import PickDialog
from cockpit.ui.look.cells import content, cut, fit
from cockpit.ui.widgets.row_list import Row, RowList

KEEP = "\nkeep"
"""The key of the row that keeps the present filter: no filter is called so."""

NAME_CELLS = 20
"""Cells of a name."""


class SavedFiltersDialog(PickDialog):
    """Dismisses with the name of the chosen filter, or with `KEEP`."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("type", "narrow"),
        ("↑↓", "choose"),
        ("⏎", "apply"),
        ("^d", "drop"),
        ("esc", "close"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+d", "drop", "drop", show=False, priority=True)]

    def __init__(self, kept: Callable[[], Sequence[SavedFilter]], present: str, drop: Callable[[str], None]) -> None:
        """Prepare.

        Args:
            kept: the filters there are.
            present: the one that the list has.
            drop: keeps one no more.
        """
        nothing = ours("No filter has a name yet: type one with / and keep it here.")
        super().__init__(ours("Filters"), self._lines, nothing)
        self._kept = kept
        self._present = present
        self._drop = drop
        self._dropped: set[str] = set()

    def _lines(self, width: int) -> list[tuple[Row, str]]:
        found = []
        if self._present.strip():
            keep = cut(our_line("{}", self._present), max(8, width - NAME_CELLS - 2))
            shown = content([(fit(ours(" keep this one as …"), NAME_CELLS), "$accent"), (keep, "$muted")])
            found.append((Row(KEEP, shown), self._present))
        for one in self._kept():
            if one.name not in self._dropped:
                line = cut(clean_line(one.line), max(8, width - NAME_CELLS - 2))
                name = fit(our_line(" {}", one.name), NAME_CELLS)
                found.append((Row(one.name, content([(name, "bold"), (line, "$muted")])), f"{one.name} {one.line}"))
        return found

    def action_drop(self) -> None:
        """Keep the one under the cursor no more."""
        name = self.query_one("#rows", RowList).cursor_key
        if name and name != KEEP:
            self._dropped.add(name)
            self._drop(name)
            self.narrow()
