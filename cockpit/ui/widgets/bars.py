"""The one-line bars: header, the receipt of the last command, the footer with the keys of the moment."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widget import Widget

from cockpit.model.attention import Tally
from cockpit.model.fleet import Fleet, Receipt
from cockpit.ui.actions.registry import ACTIONS, Action, Situation, disabled_reason, hidden, key_label
from cockpit.ui.look import bars
from cockpit.ui.look.cells import Piece, content, pieces_width
from cockpit.ui.widgets.plain import Plain


class HeaderBar(Plain):
    """The fleet's source, agents by state, what waits and what is broken."""

    def flush(self, fleet: Fleet, now: float, wanted: Tally, *, read_only: bool) -> None:
        """Show a snapshot."""
        self.show(bars.header(fleet, now, wanted, self.size.width, read_only=read_only))


class StandingBar(Plain):
    """Standing notices, and operations that run or failed just now; no line while there are none."""

    def flush(self, fleet: Fleet, now: float) -> None:
        """Show a snapshot."""
        lines = bars.standing_lines(fleet, now, self.app.size.width)
        if self.display != bool(lines):
            self.display = bool(lines)
        self.show(content([("\n", "")]).join(lines), layout=len(lines) != self._lines)
        self._lines = len(lines)

    _lines = 0


class ReceiptsBar(Plain):
    """How far the last command to the selected agent has come."""

    def flush(self, receipt: Receipt | None, now: float) -> None:
        """Show a receipt, or nothing. The width is the column's: while it is hidden this bar has none itself."""
        self.set_class(receipt is None, "-empty")
        column = self.parent
        if receipt is not None and isinstance(column, Widget):
            self.show(bars.receipt_line(receipt, now, column.size.width - 2))


class FooterBar(Plain):
    """The keys that matter in the focused pane; what cannot be done now is dim."""

    def flush(self, situation: Situation, keys: dict[str, str]) -> None:
        """Show the keys for a situation; `keys` are the operator's own by action id."""
        self.show(content(footer_pieces(footer_actions(situation), situation, keys, self.size.width)))


COMPOSER_KEYS: tuple[tuple[str, str], ...] = (
    ("⏎", "send"),
    ("^j", "newline"),
    ("^t", "mode"),
    ("↑", "history"),
    ("esc", "back"),
)
"""The composer's own keys: it is a text area, so letters are text."""


def footer_actions(situation: Situation) -> list[Action]:
    """Return the actions of the focused pane's footer, in the registry's order."""
    return [action for action in ACTIONS if situation.pane in action.panes and not hidden(action, situation)]


def footer_pieces(actions: Sequence[Action], situation: Situation, keys: dict[str, str], width: int) -> list[Piece]:
    """Lay keys out from the left as far as they fit; help keeps its place at the end."""
    pieces: list[Piece] = []
    if situation.pane == "composer":
        for key, label in COMPOSER_KEYS:
            pieces += [(f" {key}", "bold $accent"), (f" {label} ", "$muted")]
        return pieces
    help_pieces: list[Piece] = []
    for action in actions:
        shown = keys.get(action.id, action.keys).split(",")[0]
        if not shown:
            continue
        dim = bool(disabled_reason(action, situation))
        entry: list[Piece] = [
            (f" {key_label(shown)}", "$faint" if dim else "bold $accent"),
            (f" {action.label} ", "$faint" if dim else "$muted"),
        ]
        if action.id == "app.help":
            help_pieces = entry
        elif pieces_width(pieces) + pieces_width(entry) <= width - 8:
            pieces += entry
    gap = width - pieces_width(pieces) - pieces_width(help_pieces)
    return [*pieces, (" " * max(0, gap), ""), *help_pieces]
