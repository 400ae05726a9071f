"""Which line stands where: a transcript folded at a width, as far around the reader as the reader went."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import TranscriptWindow
from cockpit.ui.transcript.answers import AnswerFolder
from cockpit.ui.transcript.laid import OWN_WORDS, Anchor, Before, LaidEntry, before, clock_of, gap
from cockpit.ui.transcript.lines import entry_lines
from cockpit.ui.transcript.manner import ReadingManner
from cockpit.ui.transcript.receipts import ReceiptsBeside, message_mark
from cockpit.ui.transcript.tools import OutputFolder
from cockpit.ui.transcript.turns import NO_TURN, NOTHING_SPENT, TurnSum

FIRST_LINES = 600
"""Lines laid out when an agent is opened; older entries are laid out when the reader comes near them."""


class TranscriptLayout:
    """The lines of a transcript at one width. Lines are numbered from the oldest entry that is laid out.

    Of a live transcript the newest entry is always laid out. Of a window onto the past only what `lay_around` and the
    extensions asked for: it may be long at both ends.
    """

    def __init__(
        self,
        transcript: Transcript,
        width: int,
        *,
        manner: ReadingManner | None = None,
        beside: ReceiptsBeside | None = None,
    ) -> None:
        """Prepare; nothing is laid out yet.

        Args:
            transcript: what is laid out.
            width: cells of a line.
            manner: what is shown in full, short and as written.
            beside: the receipts that stand beside the operator's messages.
        """
        self.transcript = transcript
        self.beside = beside or ReceiptsBeside()
        self.width = width
        self.manner = manner or ReadingManner()
        self.shape = (width, self.manner.expanded, self.manner.raw)
        """What all entries were folded for."""
        self.above = 0
        """Lines that were dropped above, less those that came in above: `above + number` never changes for a line."""
        self.total = 0
        """Lines laid out."""
        self._pages = 0
        self._laid: list[LaidEntry] = []
        self._starts: list[int] = []
        self._revision = (-1, -1, -1)
        self.looked_at = 0
        """Entries looked at by `update` since the beginning; tests count them."""

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
        revision = (transcript.revision, self.beside.version, self.manner.version)
        if revision == self._revision:
            return False
        known, self._revision = self._revision, revision
        self._make_room(transcript.put_in_since(known[0]))
        window = self.window
        self._pages = window.pages if window is not None else 0
        while self._laid and self._laid[-1].key >= transcript.next_key:
            del self._laid[-1], self._starts[-1]
        gone = max(0, min(len(self._laid), transcript.first_key - self._laid[0].key)) if self._laid else 0
        if gone:
            self.above += sum(len(laid.lines) for laid in self._laid[:gone])
            del self._laid[:gone]
        if not self._laid:
            if window is None:
                self.extend_back(FIRST_LINES, end=transcript.next_key)
            else:
                self._measure(0)
            return True
        changed = transcript.changed_since(known[0]) if known[1:] == revision[1:] and not gone else None
        first = self._take(transcript.entries(self._laid[0].key) if changed is None else self._and_next(changed))
        if gone or first < len(self._laid):
            self._measure(0 if gone else first)
        return True

    def _make_room(self, put_in: Sequence[int] | None) -> None:
        """Leave a gap for each entry that was put in above others; where that is not known lay everything out anew."""
        if put_in is None:
            self._laid.clear()
        for key in put_in or ():
            index = key - self._laid[0].key if self._laid else 0
            if index < len(self._laid):
                for below in self._laid[max(0, index) :]:
                    below.key += 1
                if index >= 0:
                    self._laid.insert(index, gap(key))

    def _and_next(self, changed: Sequence[Entry]) -> Iterator[Entry]:
        """Yield entries that changed, and after each the next one: what stands before it decides how it begins."""
        for key in sorted({key for entry in changed for key in (entry.key, entry.key + 1)}):
            entry = self.transcript.entry(key)
            if entry is not None:
                yield entry

    def _take(self, entries: Iterable[Entry]) -> int:
        """Fold those of these entries, which are in their order, that are new or changed; return the first index."""
        first, oldest = len(self._laid), self._laid[0].key
        for entry in entries:
            self.looked_at += 1
            index = entry.key - oldest
            if index >= len(self._laid) and self.window is not None:
                break
            if index >= 0 and self._take_one(entry, index):
                first = min(first, index)
        return first

    def _take_one(self, entry: Entry, index: int) -> bool:
        laid = self._laid[index] if index < len(self._laid) else None
        previous = before(self._laid[index - 1]) if index else self._before_first(entry)
        if laid is not None and not self._is_stale(laid, entry, previous):
            return False
        folded = self._fold(entry, previous, laid)
        if laid is None:
            self._laid.append(folded)
            return True
        self._laid[index] = folded
        if not index and laid.revision == entry.revision and laid.previous != previous:
            # The blank line that parted it from the entry before goes when that one does.
            self.above += len(laid.lines) - len(folded.lines)
        return True

    def _is_stale(self, laid: LaidEntry, entry: Entry, previous: Before | None) -> bool:
        return (
            laid.revision != entry.revision
            or laid.previous != previous
            or self._told_more(laid)
            or laid.fullness is not self.manner.of(entry)
        )

    def extend_back(self, lines: int, *, end: int | None = None) -> int:
        """Fold older entries until there are so many more lines; return how many came in."""
        added: list[LaidEntry] = []
        got = 0
        key = (self._laid[0].key if end is None and self._laid else end or 0) - 1
        while got < lines and (entry := self.transcript.entry(key)) is not None:
            laid = self._fold(entry, self._before_first(entry), None)
            added.append(laid)
            got += len(laid.lines)
            key -= 1
        self._laid[:0] = reversed(added)
        if end is None:
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
            laid = self._fold(entry, before(self._laid[-1]), None)
            self._laid.append(laid)
            self.total += len(laid.lines)
        self._measure(start)
        return self.total - total

    def lay_around(self, key: int, lines: int) -> None:
        """Forget what is laid out, and lay out an entry with so many lines on each side."""
        self.update()
        entry = self.transcript.entry(key)
        if entry is not None:
            self._laid = [self._fold(entry, self._before_first(entry), None)]
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
        return Anchor(laid.key, line, len(laid.lines) - line, self._revision[0], self._pages)

    def number_of(self, anchor: Anchor) -> int:
        """Return where an anchor's line stands now; the oldest or newest line if its entry is gone there."""
        key = self.transcript.key_now(anchor.key, anchor.revision)
        index = key - self._laid[0].key if self._laid else -1
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

    def laid(self, key: int) -> LaidEntry | None:
        """Return an entry as it is laid out, or None."""
        return self._laid[key - self._laid[0].key] if self.holds(key) else None

    def entry(self, key: int) -> Entry | None:
        """Return the entry that was laid out under a key, which may have another one by now."""
        return self.transcript.entry(self.key_now(key))

    def key_now(self, key: int) -> int:
        """Return the key that an entry has now which had this one when everything was laid out last."""
        return self.transcript.key_now(key, self._revision[0])

    def start_of(self, key: int) -> int:
        """Return the line number at which a laid entry begins."""
        return self._starts[key - self._laid[0].key]

    def _told_more(self, laid: LaidEntry) -> bool:
        """Tell whether another receipt stands beside a message than when it was folded."""
        return laid.kind in OWN_WORDS and self.beside.at((laid.place[0], laid.told_line)) != laid.receipt

    def _before_first(self, entry: Entry) -> Before | None:
        """Return what decides how an entry begins whose neighbour is not laid out."""
        neighbour = self.transcript.entry(entry.key - 1)
        return Before(neighbour.kind, clock_of(neighbour)) if neighbour is not None else None

    def _fold(self, entry: Entry, previous: Before | None, known: LaidEntry | None) -> LaidEntry:
        """Fold one entry; an answer that streams is folded only where it grew."""
        place, fullness = (entry.epoch, entry.line), self.manner.of(entry)
        own = entry.kind in OWN_WORDS
        receipt = self.beside.at((entry.epoch, entry.told_line)) if own else None
        spent = known.spent if known is not None else NOTHING_SPENT
        folder = known.folder if known is not None else None
        if folder is None and entry.kind is EntryKind.ANSWER:
            folder = AnswerFolder(self.width)
        elif folder is None and entry.open and entry.kind in (EntryKind.TOOL, EntryKind.COMMAND):
            folder = OutputFolder(self.width)
        lines = entry_lines(
            entry,
            self.width,
            fullness=fullness,
            raw=self.manner.raw,
            previous=previous.kind if previous is not None else None,
            mark=message_mark(receipt, spent) if own else None,
            folder=folder,
        )
        clock = clock_of(entry)
        laid = LaidEntry(entry.key, entry.revision, entry.kind, previous, place, clock, lines, fullness, folder)
        laid.told_line, laid.receipt, laid.spent = entry.told_line, receipt, spent
        return laid

    def _measure(self, start: int) -> None:
        """Count where each entry begins and what each turn took, from one entry on."""
        del self._starts[start:]
        position = self._starts[-1] + len(self._laid[start - 1].lines) if start else 0
        turn = self._laid[start - 1].turn if start else NO_TURN
        ended: list[TurnSum] = []
        for laid in self._laid[start:]:
            self._starts.append(position)
            position += len(laid.lines)
            entry = self.transcript.entry(laid.key)
            if entry is None:
                continue
            if laid.kind in OWN_WORDS:
                ended.append(turn)
                turn = TurnSum.begun(entry)
            else:
                turn = turn.with_entry(entry)
            laid.turn = turn
        self.total = position
        for one in (*ended, turn):
            self._tell_spent(one)

    def _tell_spent(self, turn: TurnSum) -> None:
        """Show beside the message that began a turn what it took."""
        index = turn.key - self._laid[0].key if turn.key is not None and self._laid else -1
        entry = self.transcript.entry(turn.key) if turn.key is not None else None
        if entry is None or not 0 <= index < len(self._laid) or self._laid[index].spent == turn.spent:
            return
        laid = self._laid[index]
        laid.spent = turn.spent
        folded = self._fold(entry, laid.previous, laid)
        folded.turn = laid.turn
        self._laid[index] = folded
        if len(folded.lines) != len(laid.lines):
            self._measure(index)
