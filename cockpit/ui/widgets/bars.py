"""The one-line bars: header, standing notices, the receipt of the last command."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widget import Widget

from cockpit.model.attention import Tally
from cockpit.model.fleet import Fleet
from cockpit.model.receipts.receipt import Receipt
from cockpit.text.clean import ours
from cockpit.ui.look import bars
from cockpit.ui.look.cells import content
from cockpit.ui.look.header import header
from cockpit.ui.widgets.plain import Plain


class HeaderBar(Plain):
    """The fleet's source, agents by state, what waits and what is broken."""

    def flush(self, fleet: Fleet, now: float, wanted: Tally, *, read_only: bool) -> None:
        """Show a snapshot."""
        self.show(header(fleet, now, wanted, self.size.width, read_only=read_only))


class StandingBar(Plain):
    """Standing notices, and operations that run or failed just now; no line while there are none."""

    def flush(self, fleet: Fleet, now: float) -> None:
        """Show a snapshot."""
        lines = bars.standing_lines(fleet, now, self.app.size.width)
        if self.display != bool(lines):
            self.display = bool(lines)
        self.show(content([(ours("\n"), "")]).join(lines), layout=len(lines) != self._lines)
        self._lines = len(lines)

    _lines = 0


class ReceiptsBar(Plain):
    """What the selected agent has not read yet, in order, and how far the last command to it has come."""

    _lines = 0

    def flush(self, receipts: Sequence[Receipt], now: float) -> None:
        """Show receipts, or nothing. The width is the column's: while it is hidden this bar has none itself."""
        self.set_class(not receipts, "-empty")
        column = self.parent
        if receipts and isinstance(column, Widget):
            lines = bars.receipt_lines(receipts, now, column.size.width - 2)
            self.show(content([(ours("\n"), "")]).join(lines), layout=len(lines) != self._lines)
            self._lines = len(lines)
