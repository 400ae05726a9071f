"""The line of the files that says how far transfers are; and what is to be said when one has ended."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.files.transfer import ENDED, Direction, Transfer, TransferId, outcome_words, progress_words
from cockpit.text.clean import Clean
from cockpit.text.sanitize import clean_text, our_line
from cockpit.ui.look.cells import content, cut
from cockpit.ui.widgets.plain import Plain

REASONS = 2
"""Things that were left out which are said; the verb says all of them."""


class TransfersBar(Plain):
    """The newest transfer that is under way; no line while there is none."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._ended: set[TransferId] | None = None
        """Those that are known to have ended; None before the first look."""

    def flush(self, transfers: Sequence[Transfer], width: int) -> tuple[Transfer, ...]:
        """Show how they stand in a width in cells; return those that ended since the last look."""
        running = [transfer for transfer in transfers if transfer.state not in ENDED]
        self.set_class(bool(running), "-said")
        if running:
            last = running[-1]
            more = f" · {len(running) - 1} more" if len(running) > 1 else ""
            name = last.order.remote if last.order.direction is Direction.GET else last.order.local.name
            said = our_line("{} {}: {}{} · x cancels", last.order.direction.value, name, progress_words(last), more)
            self.show(content([(cut(said, width - 2), "$accent")]))
        known, self._ended = self._ended, {transfer.id for transfer in transfers if transfer.state in ENDED}
        new = self._ended - known if known is not None else set()
        return tuple(transfer for transfer in transfers if transfer.id in new)


def ended_words(transfer: Transfer) -> Clean:
    """Say how a transfer ended, and of what was left out the first."""
    why = "".join(f"\n{one.path}: {one.why}" for one in transfer.left_out[:REASONS])
    return clean_text(f"{transfer.order.direction} {outcome_words(transfer)}{why}")
