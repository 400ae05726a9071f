"""Picking a theme: the one under the cursor is worn while one looks; escape takes it off again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on

from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.pick import PickDialog
from cockpit.ui.look.cells import Piece, content, fit
from cockpit.ui.look.states import TONE_STYLES
from cockpit.ui.widgets.row_list import Row, RowList

NAME_WIDTH = 20


class ThemeDialog(PickDialog):
    """Dismisses with the name of the theme to keep."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("↑↓", "wear"), ("⏎", "keep"), ("esc", "as it was"))

    def __init__(self, names: Sequence[str], worn: str, wear: Callable[[str], None]) -> None:
        """Offer themes.

        Args:
            names: those there are.
            worn: the one that is worn, and is again if none is kept.
            wear: puts one on.
        """
        # The list begins at the one that is worn: else another would flash up before the cursor is where it belongs.
        ordered = sorted(names, key=lambda name: name != worn)
        super().__init__(ours("Theme"), lambda width: [(_row(name, worn), name) for name in ordered], ours("No theme."))
        self._worn = worn
        self._wear = wear

    @on(RowList.Highlighted)
    def _look_at(self, message: RowList.Highlighted) -> None:
        message.stop()
        if message.key:
            self._wear(message.key)

    def action_back_out(self) -> None:
        """Wear what was worn before."""
        self._wear(self._worn)
        super().action_back_out()


def _row(name: str, worn: str) -> Row:
    """Return a row with the name, and how states look in the theme that is worn at the moment."""
    mark: Clean = ours(" ● ") if name == worn else ours("   ")
    pieces: list[Piece] = [(mark, "$accent"), (fit(clean_line(name), NAME_WIDTH), "bold")]
    for tone in ("asking", "failed", "running", "done", "paused"):
        look = TONE_STYLES[tone]
        pieces.append((our_line(" {} {}", look.glyph, look.word), look.style))
    return Row(name, content(pieces))
