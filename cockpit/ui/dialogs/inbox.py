"""The inbox: everything that wants the operator, to go to, to take back, to mend as is suggested, or to dismiss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from cockpit.model.attention import Attention, Tally, Urgency, tally
from cockpit.text.clean import NOTHING, Clean, joined, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.pick import PickDialog
from cockpit.ui.look.cells import age, content, fit, width_of
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.row_list import Row, RowList

URGENCY_STYLES = {
    Urgency.ASKING: ("?", "bold $agent-asking"),
    Urgency.FAILED: ("✗", "$agent-failed"),
    Urgency.UNDELIVERED: ("✉", "$agent-failed"),
    Urgency.COMMAND: ("!", "$agent-failed"),
    Urgency.BLOCKED: ("▪", "$link-degraded"),
    Urgency.UNFITTING: ("≠", "$link-degraded"),
    Urgency.REVIEW: ("◐", "$agent-done"),
    Urgency.DONE: ("✓", "$agent-done"),
}


class InboxDialog(PickDialog):
    """A list of what wants the operator; dismisses with the place of the chosen entry, and `MEND` before it for `M`."""

    MEND: ClassVar[str] = "mend:"

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("type", "narrow"),
        ("↑↓", "choose"),
        ("⏎", "go"),
        ("M", "mend"),
        ("^x", "dismiss"),
        ("esc", "close"),
    )
    LETTERS: ClassVar[frozenset[str]] = frozenset({"M"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+x", "drop", "dismiss", show=False, priority=True),
        # Narrowing knows no capitals: the letter is free.
        Binding("M", "mend", "mend", show=False, priority=True),
    ]

    def __init__(self, items: Sequence[Attention], now: float, drop: Callable[[Attention], bool]) -> None:
        self._items = {str(at): item for at, item in enumerate(items)}
        self._now = now
        self._drop = drop
        super().__init__(summary(tally(items)), self._inbox_rows, ours("Nothing waits for you."))

    def _inbox_rows(self, width: int) -> list[tuple[Row, str]]:
        return [(Row(key, _line(item, self._now, width)), item.sentence) for key, item in self._items.items()]

    def action_drop(self) -> None:
        """Hear no more of what is under the cursor; what still is so cannot be dismissed."""
        key = self.query_one("#rows", RowList).cursor_key
        item = self._items.get(key)
        if item is None:
            return
        if not self._drop(item):
            notice(self, ours("it leaves the inbox when it no longer waits"), title=ours("Not dismissed"))
            return
        del self._items[key]
        self.narrow()

    def action_mend(self) -> None:
        """Close, and have done what is suggested about the entry under the cursor."""
        key = self.query_one("#rows", RowList).cursor_key
        item = self._items.get(key)
        if item is None:
            return
        if item.finding is None and item.urgency is not Urgency.FAILED:
            notice(self, ours("no act is suggested about it: ⏎ goes there"), title=ours("Nothing to mend"))
            return
        self.dismiss(f"{self.MEND}{key}")


def summary(wanted: Tally) -> Clean:
    """Say how much wants the operator, asks and failures apart from the rest."""
    counts = (
        (wanted.waiting, "waits for you" if wanted.waiting == 1 else "wait for you"),
        (wanted.blocked, "blocked"),
        (wanted.unfitting, "does not fit" if wanted.unfitting == 1 else "do not fit"),
        (wanted.to_review, "to review"),
        (wanted.done, "done"),
    )
    said = (our_line("{} {}", number, words) for number, words in counts if number)
    return joined(said, ours(" · ")) or ours("Waits for you")


def _line(item: Attention, now: float, width: int) -> Content:
    glyph, style = URGENCY_STYLES[item.urgency]
    act = our_line(" M {} ", item.finding.suggestion.value) if item.finding is not None else NOTHING
    if item.cause is not None:
        act = ours(" M go on ")
    elif item.budget is not None:
        act = ours(" ⏎ decide ")
    sentence = fit(clean_line(item.sentence), max(10, width - 8 - width_of(act)))
    return content(
        [
            (our_line(" {} ", glyph), style),
            (sentence, ""),
            (act, "$accent"),
            (fit(age(now - item.since) if item.since else ours("–"), 4, right=True), "$muted"),
        ]
    )
