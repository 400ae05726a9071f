"""The head of a window, remembered until its first seam, so that history can be joined to it without a scar.

A page of records often begins inside a message or a tool call. When the records before that are paged in, the head is
folded again behind them; from the seam on nothing depends on what came before.
"""

from __future__ import annotations

from cockpit.model import events as ev
from cockpit.model.events import Record

SEAMS = frozenset({ev.RunStarted, ev.TurnStarted, ev.DaemonStarted, ev.DaemonExited, ev.EpochStarted})
"""Where nothing goes on from before, provided that no entry is open."""

RECORDS_LIMIT = 10_000
"""Records of a head; a turn that has more of them is joined without being folded again. An answer of 8,000 tokens has
as many while it streams, and a handful once it has ended."""

_DELTAS = (ev.TextDelta, ev.ThinkingDelta, ev.ToolCallDelta)

TEXT_LIMIT = 512 * 1024
"""Characters of a head's tool output, of which each record repeats all so far."""


Item = Record | tuple[str, str]
"""A record, or the operator's answer to a dialog as (dialog id, text)."""


class Head:
    """The records, and the operator's answers between them, from the oldest one held to the first seam."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.seam: int | None = None
        """The key of the first entry after the seam; None while no seam was reached."""
        self.growing = True
        self.valid = True
        """False once the head outgrew its limits or its entries were dropped."""
        self._text = 0

    def take(self, record: Record, next_key: int, *, quiet: bool) -> None:
        """Remember a record about to be folded in, unless it stands behind the seam."""
        if quiet and type(record.event) in SEAMS:
            self.seam, self.growing = next_key, False
            return
        if isinstance(record.event, ev.ToolOutput | ev.ToolEnded):
            self._text += len(record.event.text)
        if isinstance(record.event, ev.MessageEnded) and record.event.role == "assistant":
            self.items = _without_repeats(self.items)
        self.items.append(record)
        if len(self.items) > RECORDS_LIMIT or self._text > TEXT_LIMIT:
            self.forget()

    def answered(self, dialog_id: str, text: str) -> None:
        """Remember the operator's answer at its place among the records."""
        if self.growing:
            self.items.append((dialog_id, text))

    def cut(self, epoch: int, line: int, key: int) -> None:
        """Forget what stands from a place on, where the entry with this key begins: it was dropped."""
        if self.seam is None or self.seam > key:
            places = ((item.epoch, item.line) if isinstance(item, Record) else (0, 0) for item in self.items)
            end = next((at for at, place in enumerate(places) if place >= (epoch, line)), len(self.items))
            del self.items[end:]
            self.seam, self.growing = None, self.valid

    def begin_at_seam(self, key: int) -> None:
        """Begin at a place where nothing goes on from before: the entry with this key is the first behind it."""
        self.items.clear()
        self.seam, self.growing, self.valid = key, False, True

    def forget(self) -> None:
        """Give the head up: what lies before it is joined as it is."""
        self.items.clear()
        self.seam, self.growing, self.valid = None, False, False


def _without_repeats(items: list[Item]) -> list[Item]:
    """Drop what the end of the newest message repeats: all deltas of a block but the first, which says where it began.

    An older message that never ended keeps its deltas: nothing repeats them.
    """
    start = len(items)
    while start > 0 and not _starts_message(items[start - 1]):
        start -= 1
    kept = items[:start]
    begun: set[tuple[type, int]] = set()
    for item in items[start:]:
        event = item.event if isinstance(item, Record) else None
        if isinstance(event, _DELTAS):
            block = (type(event), event.index)
            if block in begun:
                continue
            begun.add(block)
        kept.append(item)
    return kept


def _starts_message(item: Item) -> bool:
    return isinstance(item, Record) and isinstance(item.event, ev.MessageStarted) and not item.event.within
