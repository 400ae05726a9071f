"""One entry as it is laid out: its lines, and all that decided how they look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import localtime, strftime
from typing import NamedTuple

from cockpit.model.receipts.receipt import Receipt
from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.model.transcript.window import Place
from cockpit.ui.transcript.answers import AnswerFolder
from cockpit.ui.transcript.folding import TextLine
from cockpit.ui.transcript.manner import Fullness
from cockpit.ui.transcript.tools import OutputFolder
from cockpit.ui.transcript.turns import NO_TURN, NOTHING_SPENT, TurnSpent, TurnSum

LATEST = 253_402_300_799.0
"""The last second of the year 9999: what an agent says of its time may be anything."""

OWN_WORDS = (EntryKind.USER, EntryKind.STEER, EntryKind.FOLLOW_UP)
"""What the operator said: where a turn begins."""


class Anchor(NamedTuple):
    """A line of an entry: a place that outlives what comes and goes around it."""

    key: int
    line: int
    """Lines from the entry's first one to this."""
    below: int
    """Lines from this one to the entry's end."""
    revision: int
    """The transcript's: the entry's key may be another one at a later one."""
    pages: int
    """Pages of older history that had come in: with another one the entry may have grown at its beginning."""


class Before(NamedTuple):
    """What the entry before another one decides of how that is shown."""

    kind: EntryKind
    clock: str


@dataclass(slots=True)
class LaidEntry:
    """One entry folded at the layout's width."""

    key: int
    revision: int
    kind: EntryKind
    previous: Before | None
    place: Place
    """Where it stands: of its first record, or of the one it stands behind."""
    clock: str
    """When it began, as `HH:MM` of this machine's zone."""
    lines: Sequence[TextLine]
    fullness: Fullness
    folder: AnswerFolder | OutputFolder | None = None
    """Holds what is folded already of what grows."""
    told_line: int = 0
    """Of its first record."""
    receipt: Receipt | None = None
    """What stood beside it."""
    spent: TurnSpent = NOTHING_SPENT
    """What the turn took that begins with it, as it stands beside it."""
    turn: TurnSum = NO_TURN
    """The turn it belongs to, up to and with it."""

    @property
    def first_line(self) -> int:
        """The first of its lines that shows something."""
        return 1 if len(self.lines) > 1 and not self.lines[0].pieces else 0

    @property
    def cuts(self) -> bool:
        """Whether something of it is left out."""
        return any(line.folds for line in self.lines)

    @property
    def label(self) -> str:
        """Its time where that is news: at the begin of a turn, and where it is another than before."""
        new = self.previous is None or self.kind in OWN_WORDS or self.previous.clock != self.clock
        return self.clock if new and self.kind is not EntryKind.BORDER else ""


def gap(key: int) -> LaidEntry:
    """Return the place of an entry that is not folded yet."""
    return LaidEntry(key, -1, EntryKind.NOTICE, None, (0, 0), "", (), Fullness.FULL)


def before(laid: LaidEntry) -> Before:
    """Return what an entry decides of how the next one is shown."""
    return Before(laid.kind, laid.clock)


def clock_of(entry: Entry) -> str:
    """Return when an entry began, as `HH:MM` of this machine's zone."""
    return clock_at(entry.moment)


def clock_at(moment: float) -> str:
    """Return a moment, seconds since the epoch, as `HH:MM` of this machine's zone."""
    return strftime("%H:%M", localtime(max(0.0, min(moment, LATEST))))
