"""Which line stands where: a transcript folded at a width, as far around the reader as the reader went."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cockpit.model.receipts.receipt import Receipt
from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import Place, TranscriptWindow
from cockpit.ui.transcript.folding import BLANK, TextLine
from cockpit.ui.transcript.lines import AnswerFolder, answer_lines, entry_lines
from cockpit.ui.transcript.receipts import ReceiptsBeside, receipt_mark

FIRST_LINES = 600
"""Lines laid out when an agent is opened; older entries are laid out when the reader comes near them."""

OWN_WORDS = (EntryKind.USER, EntryKind.STEER, EntryKind.FOLLOW_UP)
"""What the operator said: where a turn begins."""


class Anchor(NamedTuple):
    """A line of an entry: a place that outlives what comes and goes around it."""

    key: int
    line: int
    """Lines from the entry's first one to this."""
    below: int
    """Lines from this one to the entry's end."""
    pages: int
    """Pages of older history that had come in: with another one the entry may have grown at its beginning."""


@dataclass(slots=True)
class LaidEntry:
    """One entry folded at the layout's width."""

    key: int
    revision: int
    kind: EntryKind
    previous: EntryKind | None
    place: Place
    """Of its first record."""
    lines: Sequence[TextLine]
    folder: AnswerFolder | None = None
    """Holds what of a streaming answer is folded already."""
    receipt: Receipt | None = None
    """What stood beside it."""


class TranscriptLayout:
    """The lines of a transcript at one width. Lines are numbered from the oldest entry that is laid out.

    Of a live transcript the newest entry is always laid out. Of a window onto the past only what `lay_around` and the
    extensions asked for: it may be long at both ends.
    """

    def __init__(
        self, transcript: Transcript, width: int, *, expanded: bool, beside: ReceiptsBeside | None = None
    ) -> None:
        """Prepare; nothing is laid out yet.

        Args:
            transcript: what is laid out.
            width: cells of a line.
            expanded: everything in full.
            beside: the receipts that stand beside the operator's messages.
        """
        self.transcript = transcript
        self.beside = beside or ReceiptsBeside()
        self.width = width
        self.expanded = expanded
        self.above = 0
        """Lines that were dropped above, less those that came in above: `above + number` never changes for a line."""
        self.total = 0
        """Lines laid out."""
        self._pages = 0
        self._laid: list[LaidEntry] = []
        self._starts: list[int] = []
        self._revision = (-1, -1)

    @property
    def window(self) -> TranscriptWindow | None:
        """The window onto the past that is laid out; None for a live transcript."""
        return self.transcript if isinstance(self.transcript, TranscriptWindow) else None

    @property
    def begins(self) -> bool:
        """Whether nothing more is held before what is laid out."""
        return not self._laid or self._laid[0].key <= self.transcript.first_key

    @property
    def ends(self) -> bool:
        """Whether nothing more is held after what is laid out."""
        return not self._laid or self._laid[-1].key >= self.transcript.next_key - 1

    def update(self) -> bool:
        """Fold what is new or changed, drop what is gone; return whether anything changed."""
        transcript = self.transcript
        if (transcript.revision, self.beside.version) == self._revision:
            return False
        self._revision = (transcript.revision, self.beside.version)
        window = self.window
        self._pages = window.pages if window is not None else 0
        while self._laid and self._laid[-1].key >= transcript.next_key:
            del self._laid[-1], self._starts[-1]
        gone = sum(laid.key < transcript.first_key for laid in self._laid)
        if gone:
            self.above += sum(len(laid.lines) for laid in self._laid[:gone])
            del self._laid[:gone]
        if not self._laid:
            if window is None:
                self.extend_back(FIRST_LINES, before=transcript.next_key)
            else:
                self._measure(0)
            return True
        changed = 0 if gone else len(self._laid)
        for index, entry in enumerate(transcript.entries(self._laid[0].key)):
            previous = self._laid[index - 1].kind if index else self._kind_before(entry)
            known = self._laid[index] if index < len(self._laid) else None
            if known is None and window is not None:
                break
            if known is None:
                self._laid.append(self._fold(entry, previous, None))
            elif known.revision != entry.revision or known.previous is not previous or self._told_more(known):
                self._laid[index] = self._fold(entry, previous, known)
                if not index and known.revision == entry.revision and known.previous is not previous:
                    # The blank line that parted it from the entry before goes when that one does.
                    self.above += len(known.lines) - len(self._laid[0].lines)
            else:
                continue
            changed = min(changed, index)
        self._measure(changed)
        return True

    def extend_back(self, lines: int, *, before: int | None = None) -> int:
        """Fold older entries until there are so many more lines; return how many came in."""
        added: list[LaidEntry] = []
        got = 0
        key = (self._laid[0].key if before is None and self._laid else before or 0) - 1
        while got < lines and (entry := self.transcript.entry(key)) is not None:
            laid = self._fold(entry, self._kind_before(entry), None)
            added.append(laid)
            got += len(laid.lines)
            key -= 1
        self._laid[:0] = reversed(added)
        if before is None:
            self.above -= got
        self._measure(0)
        return got

    def extend_forward(self, lines: int) -> int:
        """Fold newer entries of a window until there are so many more lines; return how many came in."""
        start, total = len(self._laid), self.total
        while self._laid and self.total - total < lines:
            entry = self.transcript.entry(self._laid[-1].key + 1)
            if entry is None:
                break
            laid = self._fold(entry, self._laid[-1].kind, None)
            self._laid.append(laid)
            self.total += len(laid.lines)
        self._measure(start)
        return self.total - total

    def lay_around(self, key: int, lines: int) -> None:
        """Forget what is laid out, and lay out an entry with so many lines on each side."""
        self.update()
        entry = self.transcript.entry(key)
        if entry is not None:
            self._laid = [self._fold(entry, self._kind_before(entry), None)]
            self._measure(0)
            self.extend_forward(lines)
            self.extend_back(lines)

    def line_at(self, number: int) -> tuple[LaidEntry, int] | None:
        """Return the entry and the line within it at a line number."""
        if not 0 <= number < self.total:
            return None
        index = bisect_right(self._starts, number) - 1
        return self._laid[index], number - self._starts[index]

    def holds(self, key: int) -> bool:
        """Tell whether an entry is laid out."""
        return bool(self._laid) and self._laid[0].key <= key <= self._laid[-1].key

    def anchor(self, number: int) -> Anchor | None:
        """Return a line number as a place that outlives changes around it."""
        found = self.line_at(number)
        if found is None:
            return None
        laid, line = found
        after = self.line_at(self._starts[0] + len(laid.lines)) if laid.kind is EntryKind.BORDER else None
        if after is not None:  # the border goes when history comes in: its place is the one before the next entry
            laid, line = after[0], line - len(laid.lines)
        return Anchor(laid.key, line, len(laid.lines) - line, self._pages)

    def number_of(self, anchor: Anchor) -> int:
        """Return where an anchor's line stands now; the oldest or newest line if its entry is gone there."""
        index = anchor.key - self._laid[0].key if self._laid else -1
        if index < 0:
            return 0
        if index >= len(self._laid):
            return max(0, self.total - 1)
        size = len(self._laid[index].lines)
        line = anchor.line if anchor.pages == self._pages else size - anchor.below
        return max(0, self._starts[index] + min(line, max(0, size - 1)))

    def lines_of(self, key: int) -> int:
        """Return how many lines a laid entry has."""
        return len(self._laid[key - self._laid[0].key].lines)

    def start_of(self, key: int) -> int:
        """Return the line number at which a laid entry begins."""
        return self._starts[key - self._laid[0].key]

    def turns(self) -> list[int]:
        """Return the line numbers at which the operator's messages begin."""
        return [start for start, laid in zip(self._starts, self._laid, strict=True) if laid.kind in OWN_WORDS]

    def _told_more(self, laid: LaidEntry) -> bool:
        """Tell whether another receipt stands beside a message than when it was folded."""
        return laid.kind in OWN_WORDS and self.beside.at(laid.place) != laid.receipt

    def _kind_before(self, entry: Entry) -> EntryKind | None:
        before = self.transcript.entry(entry.key - 1)
        return before.kind if before is not None else None

    def _fold(self, entry: Entry, previous: EntryKind | None, known: LaidEntry | None) -> LaidEntry:
        """Fold one entry; an answer that streams is folded only where it grew."""
        if entry.kind is not EntryKind.ANSWER:
            place = (entry.epoch, entry.line)
            receipt = self.beside.at(place) if entry.kind in OWN_WORDS else None
            mark = receipt_mark(receipt) if receipt is not None else None
            lines = entry_lines(entry, self.width, expanded=self.expanded, previous=previous, mark=mark)
            return LaidEntry(entry.key, entry.revision, entry.kind, previous, place, lines, receipt=receipt)
        folder = known.folder if known is not None and known.folder is not None else AnswerFolder(self.width)
        lines = answer_lines(entry, folder)
        if previous is not None and lines:
            lines = [BLANK, *lines]
        return LaidEntry(entry.key, entry.revision, entry.kind, previous, (entry.epoch, entry.line), lines, folder)

    def _measure(self, start: int) -> None:
        """Count where each entry begins, from one on."""
        del self._starts[start:]
        position = self._starts[-1] + len(self._laid[start - 1].lines) if start else 0
        for laid in self._laid[start:]:
            self._starts.append(position)
            position += len(laid.lines)
        self.total = position
