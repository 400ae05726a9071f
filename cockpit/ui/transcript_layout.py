"""Which line stands where: a transcript folded at a width, from its end backwards as far as the reader went."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.model.transcript import Entry, EntryKind, Transcript
from cockpit.ui.transcript_lines import BLANK, AnswerFolder, TextLine, entry_lines

FIRST_LINES = 600
"""Lines laid out when an agent is opened; older entries are laid out when the reader comes near them."""

OWN_WORDS = (EntryKind.USER, EntryKind.STEER, EntryKind.FOLLOW_UP)
"""What the operator said: where a turn begins."""


@dataclass(slots=True)
class LaidEntry:
    """One entry folded at the layout's width."""

    key: int
    revision: int
    kind: EntryKind
    previous: EntryKind | None
    lines: Sequence[TextLine]
    folder: AnswerFolder | None = None
    """Holds what of a streaming answer is folded already."""


class TranscriptLayout:
    """The lines of a transcript at one width. Lines are numbered from the oldest entry that is laid out."""

    def __init__(self, transcript: Transcript, width: int, *, expanded: bool) -> None:
        self.transcript = transcript
        self.width = width
        self.expanded = expanded
        self.above = 0
        """Lines that were dropped above, less those that came in above: `above + number` never changes for a line."""
        self.total = 0
        """Lines laid out."""
        self._laid: list[LaidEntry] = []
        self._starts: list[int] = []
        self._revision = -1

    def update(self) -> bool:
        """Fold what is new or changed, drop what is gone; return whether anything changed."""
        transcript = self.transcript
        if transcript.revision == self._revision:
            return False
        self._revision = transcript.revision
        gone = sum(laid.key < transcript.first_key for laid in self._laid)
        if gone:
            self.above += sum(len(laid.lines) for laid in self._laid[:gone])
            del self._laid[:gone]
        if not self._laid:
            self.extend_back(FIRST_LINES, before=transcript.next_key)
            return True
        changed = 0 if gone else len(self._laid)
        for index, entry in enumerate(transcript.entries(self._laid[0].key)):
            previous = self._laid[index - 1].kind if index else self._kind_before(entry)
            known = self._laid[index] if index < len(self._laid) else None
            if known is None:
                self._laid.append(self._fold(entry, previous, None))
            elif known.revision != entry.revision or known.previous is not previous:
                self._laid[index] = self._fold(entry, previous, known)
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

    def line_at(self, number: int) -> tuple[LaidEntry, int] | None:
        """Return the entry and the line within it at a line number."""
        if not 0 <= number < self.total:
            return None
        index = bisect_right(self._starts, number) - 1
        return self._laid[index], number - self._starts[index]

    def holds(self, key: int) -> bool:
        """Tell whether an entry is laid out."""
        return bool(self._laid) and self._laid[0].key <= key <= self._laid[-1].key

    def anchor(self, number: int) -> tuple[int, int] | None:
        """Return a line number as an entry's key and the line within it: a place that outlives changes above."""
        found = self.line_at(number)
        return (found[0].key, found[1]) if found is not None else None

    def number_of(self, anchor: tuple[int, int]) -> int:
        """Return where an anchor's line stands now; the oldest line if its entry is gone."""
        key, line = anchor
        index = key - self._laid[0].key if self._laid else -1
        if not 0 <= index < len(self._laid):
            return 0
        return self._starts[index] + min(line, max(0, len(self._laid[index].lines) - 1))

    def turns(self) -> list[int]:
        """Return the line numbers at which the operator's messages begin."""
        return [start for start, laid in zip(self._starts, self._laid, strict=True) if laid.kind in OWN_WORDS]

    def _kind_before(self, entry: Entry) -> EntryKind | None:
        before = self.transcript.entry(entry.key - 1)
        return before.kind if before is not None else None

    def _fold(self, entry: Entry, previous: EntryKind | None, known: LaidEntry | None) -> LaidEntry:
        """Fold one entry; an answer that streams is folded only where it grew."""
        if entry.kind is not EntryKind.ANSWER:
            lines = entry_lines(entry, self.width, expanded=self.expanded, previous=previous)
            return LaidEntry(entry.key, entry.revision, entry.kind, previous, lines)
        folder = known.folder if known is not None and known.folder is not None else AnswerFolder(self.width)
        lines = folder.fold(entry.text)
        if previous is not None and lines:
            lines = [BLANK, *lines]
        return LaidEntry(entry.key, entry.revision, entry.kind, previous, lines, folder)

    def _measure(self, start: int) -> None:
        """Count where each entry begins, from one on."""
        del self._starts[start:]
        position = self._starts[-1] + len(self._laid[start - 1].lines) if start else 0
        for laid in self._laid[start:]:
            self._starts.append(position)
            position += len(laid.lines)
        self.total = position
