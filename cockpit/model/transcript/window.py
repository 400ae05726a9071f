"""A window onto an agent's past: a stretch of its transcript that moves under a reader, with bounded memory.

It grows at the end the reader goes to and drops entries at the other. Both ends lie at joints, where a fold can be
taken up again, so that what is dropped and read again looks as it did before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cockpit.model import events as ev
from cockpit.model.events import Record
from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.model.transcript.history import SEAMS, Head, Item
from cockpit.model.transcript.transcript import Transcript

WINDOW_ENTRIES = 4_000
"""Entries a window holds: several pages, so that the reader's screen never lies in what is dropped."""

WINDOW_BYTES = 4 * 1024 * 1024
"""Characters a window holds, counted as the transcript counts them. There is one window, for the agent looked at."""

OWN = frozenset(
    ("_handlers", "_pages", "_last", "_put_ins", "_put_ins_forgotten", "max_entries", "max_bytes", "_entry_limit")
)
"""What a window keeps when it takes the place of a page."""

Place = tuple[int, int]
"""(epoch, line) of a record."""

Queues = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Texts that wait as steering and as follow-up, and texts of each sort that left their queue and are not read yet."""


@dataclass(slots=True)
class Joint:
    """Where an entry begins, with what is needed to go on folding from there."""

    key: int
    """The entry's."""
    epoch: int
    line: int
    """Of the record to go on with."""
    offset: int
    """Bytes before that record in its file."""
    queues: Queues
    asked: tuple[int, int] | None
    """Where what is answered there belongs that is told late."""
    run: tuple[bool, str]
    """Whether the end of the run was seen, and the session it is in."""
    tools: dict[str, Entry]
    """Calls that were told to the transcript and never ran."""
    clean: bool
    """Nothing stands open before it, so that everything before it is final."""

    def shift(self, by: int) -> None:
        """Raise its keys."""
        self.key += by
        self.asked = (self.asked[0] + by, self.asked[1]) if self.asked is not None else None


class TranscriptWindow(Transcript):
    """A transcript of consecutive records somewhere in an agent's history. Beyond its bounds a quarter is dropped."""

    def __init__(self, *, max_entries: int = WINDOW_ENTRIES, max_bytes: int = WINDOW_BYTES) -> None:
        super().__init__(max_entries=max_entries, max_bytes=max_bytes)
        self._head = Head()
        self._joints: list[Joint] = []
        self._first: tuple[int, int, int] | None = None
        self._last: Place | None = None
        self._pages = 0
        self._border: Entry | None = None
        self._queues_told = False
        self._labelled_from: int | None = None
        """The first entry before which the queues are known; None where they were never told."""

    # --- where it stands -----------------------------------------------------------------------------

    @property
    def first_place(self) -> Place | None:
        """(epoch, line) of the oldest record held: `prepend` wants the records before it."""
        return self._first[:2] if self._first is not None else None

    @property
    def first_offset(self) -> int:
        """Bytes before the oldest record held, in its epoch's file."""
        return self._first[2] if self._first is not None else 0

    @property
    def begins_all(self) -> bool:
        """Whether it begins with the agent's very first line."""
        return self._first is not None and self._first[0] <= 1 and self._first[2] == 0

    @property
    def last_place(self) -> Place | None:
        """(epoch, line) after which `append` wants the records."""
        return self._last

    @property
    def pages(self) -> int:
        """How often older records came in: then entries at the front may have grown at their beginning."""
        return self._pages

    @property
    def border_text(self) -> str:
        """Why nothing older is shown; empty while nothing is said."""
        return self._border.title if self._border is not None else ""

    def border(self, text: str) -> None:
        """Say in one line at the top why nothing older is shown; with empty text take the line away."""
        if text == self.border_text:
            return
        if self._border is not None:
            self._border = None
            self._take_front(1)
            self._revision += 1
        if text and self._entries:
            oldest = self._entries[0]
            self._border = Entry(0, EntryKind.BORDER, text, oldest.at, line=oldest.line, epoch=oldest.epoch)
            self._put_front(self._border)

    def changed_since(self, revision: int) -> list[Entry] | None:
        """Say that it is not known: a page that comes in or goes changes keys."""
        return None

    # --- growing -------------------------------------------------------------------------------------

    def append(self, newer: Iterable[Item]) -> None:
        """Fold in what comes directly after the newest record held; when there is no room the oldest entries go."""
        for item in newer:
            self.take(item)
        if self._is_full():
            self.border("")
            self._drop_oldest()

    def with_head(self, older: Sequence[Item]) -> list[Item]:
        """Return the records directly before the oldest one held, followed by what must be folded again with them."""
        return [*older, *self._head.items]

    def put_before(self, page: TranscriptWindow) -> None:
        """Join a page in which the records of `with_head` were folded: `prepend`, whose folding may pause."""
        self.border("")
        self._pages += 1
        if self._head.valid and self._head.seam is None:
            self._become(page)
        else:
            self._join(page, self._head.seam if self._head.seam is not None else self.first_key)
        if self._is_full():
            self._drop_newest()

    def take(self, item: Item) -> None:
        """Fold in one record, or the operator's answer at its place among them."""
        if isinstance(item, Record):
            self.apply(item)
        else:
            self.answered(*item)

    def apply(self, record: Record) -> None:
        """Fold one record in, and remember what is needed to join others to it. Nothing is dropped."""
        if self._first is None:
            self._first = (record.epoch, record.line, record.offset)
        self._last = (record.epoch, record.line)
        if self._head.growing:
            quiet = type(record.event) in SEAMS and not self._dialogs and self._is_at_rest()
            if isinstance(record.event, ev.RunStarted) and record.event.session and not self._session:
                quiet = False  # whether it is another session than before is told by what comes before
            self._head.take(record, self.next_key, quiet=quiet)
        self._note_joint(record)
        super().apply(record)

    def answered(self, dialog_id: str, text: str) -> None:
        """Note the operator's own answer to a dialog."""
        self._head.answered(dialog_id, text)
        super().answered(dialog_id, text)

    def _prune(self) -> None:
        """Drop nothing while a page is folded: only then it is known which end has to give."""

    # --- joints --------------------------------------------------------------------------------------

    def _is_at_rest(self) -> bool:
        """Tell whether what follows changes no entry that is there; a question may wait, its end is its own."""
        if self._blocks or self._shells or self._user_shown or self._retry or self._compaction:
            return False
        return not any(tool.open for tool in self._tools.values())

    def _note_joint(self, record: Record) -> None:
        """Remember where the next entry begins, at rest if there is such a place."""
        joints, key = self._joints, self.next_key
        known = bool(joints) and joints[-1].key == key
        if known and joints[-1].clean:
            return
        clean = not self._head.growing and self._is_at_rest()
        if known and not clean:
            return
        if known:
            joints.pop()
        tools = dict(self._tools) if self._tools else {}
        queues, run = self._queues(), (self._ended, self._session)
        joints.append(Joint(key, record.epoch, record.line, record.offset, queues, self._asked, run, tools, clean))

    def _queues(self) -> Queues:
        return (self._steering, self._follow_up, tuple(self._taken_steering), tuple(self._taken_follow_up))

    def _set_queues(self, queues: Queues) -> None:
        self._steering, self._follow_up = queues[:2]
        self._taken_steering, self._taken_follow_up = list(queues[2]), list(queues[3])

    def _on_queue(self, record: Record, event: ev.QueueChanged) -> None:
        super()._on_queue(record, event)
        self._queues_told = True

    def _on_message_started(self, record: Record, event: ev.MessageStarted) -> None:
        super()._on_message_started(record, event)
        if self._labelled_from is None and self._queues_told and event.role == "assistant":
            self._labelled_from = self.next_key

    def _restart(self, reason: str) -> None:
        super()._restart(reason)
        self._queues_told = True
        if self._labelled_from is None:
            self._labelled_from = self.next_key

    def _put_in(self, key: int, line: int, kind: EntryKind, record: Record, text: str) -> Entry:
        """Add an entry above others. Reading is not taken up between the two: its record would put it in once more."""
        entry = super()._put_in(key, line, kind, record, text)
        self._joints = [joint for joint in self._joints if joint.key <= entry.key]
        if self._head.seam is not None and self._head.seam > entry.key:
            self._head.seam += 1
        if self._labelled_from is not None and self._labelled_from > entry.key:
            self._labelled_from += 1
        return entry

    # --- joining -------------------------------------------------------------------------------------

    def _join(self, page: TranscriptWindow, end: int) -> None:
        """Put a page's entries in the place of those before `end`."""
        self._take_front(end - self.first_key)
        self._label_queued(page)
        shift = end - page.next_key
        for entry in page._entries:
            cut = entry.open and not entry.complete and entry.kind in (EntryKind.ANSWER, EntryKind.THINKING)
            entry.open, entry.failed = False, entry.failed or cut
        for entry in reversed(page._entries):
            self._put_front(entry)
        for joint in page._joints:
            joint.shift(shift)
        before = [joint for joint in page._joints if joint.key < end]
        self._joints = before + [joint for joint in self._joints if joint.key >= end]
        self._first = page._first
        self._head = page._head
        if self._head.seam is None and self._head.valid:
            self._head.seam, self._head.growing = end, False
        elif self._head.seam is not None:
            self._head.seam += shift

    def _become(self, page: TranscriptWindow) -> None:
        """Take a page's place in its course: everything held was folded again behind older records."""
        shift = self.next_key - page.next_key
        revision = self._revision + page._revision
        self.__dict__.update({name: value for name, value in page.__dict__.items() if name not in OWN})
        self._first_key += shift
        self._revision = revision
        for entry in self._entries:
            entry.key += shift
            entry.revision = revision
        for joint in self._joints:
            joint.shift(shift)
        if self._asked is not None:
            self._asked = (self._asked[0] + shift, self._asked[1])
        if self._head.seam is not None:
            self._head.seam += shift
        if self._labelled_from is not None:
            self._labelled_from += shift

    def _label_queued(self, page: TranscriptWindow) -> None:
        """Tell what was queued on the page to what was folded without knowing of it."""
        queues = page._queues()
        end = self._labelled_from if self._labelled_from is not None else self.next_key
        if any(queues):
            for texts, kind in ((queues[2] + queues[0], EntryKind.STEER), (queues[3] + queues[1], EntryKind.FOLLOW_UP)):
                waiting = list(texts)
                for entry in self._entries if waiting else ():
                    if entry.key < end and entry.kind is EntryKind.USER and entry.text in waiting:
                        waiting.remove(entry.text)
                        entry.kind = kind
                        self._touch(entry)
            for joint in self._joints:
                if joint.key < end and not any(joint.queues):
                    joint.queues = queues
            if not self._queues_told:
                self._set_queues(queues)
        if page._queues_told:
            self._queues_told = True
            labelled = page._labelled_from if page._labelled_from is not None else page.next_key
            self._labelled_from = labelled + self.first_key - page.next_key

    # --- dropping ------------------------------------------------------------------------------------

    def _is_full(self) -> bool:
        return self._bytes > self.max_bytes or len(self._entries) > self.max_entries

    def _low_mark(self, entries: Iterable[Entry]) -> int:
        """Return how many of these entries, the first of them, fit below three quarters of the bounds."""
        size = count = 0
        for entry in entries:
            size += entry.counted
            if size > self.max_bytes * 3 // 4 or count >= self.max_entries * 3 // 4:
                break
            count += 1
        return max(1, count)

    def _drop_newest(self) -> None:
        """Drop from the back, to a joint at rest if one is in reach: reading goes on from there."""
        count = self._low_mark(self._entries)
        low, high = self.first_key + (count + 1) // 2, self.first_key + count
        within = [joint for joint in self._joints if low <= joint.key <= high]
        joint = next((joint for joint in reversed(within) if joint.clean), within[-1] if within else None)
        if joint is not None and joint.key < self.next_key:
            self._take_up(joint)

    def _take_up(self, joint: Joint) -> None:
        """Forget everything from a joint on, and stand there as the fold stood when it came by."""
        while self.next_key > joint.key:
            self._bytes -= self._entries.pop().counted
        self._blocks, self._shells = {}, {}
        self._user_shown = self._retry = self._compaction = None
        self._tools = dict(joint.tools)
        self._set_queues(joint.queues)
        self._asked, (self._ended, self._session) = joint.asked, joint.run
        # A question that was closed behind the joint stays closed: its end is known already.
        self._dialogs = {name: entry for name, entry in self._dialogs.items() if entry.key < joint.key}
        self._questions = {name: known for name, known in self._questions.items() if known[0].key < joint.key}
        self._gates = {name: gates for name, gates in self._gates.items() if name in self._dialogs}
        self._expiries = {name: due for name, due in self._expiries.items() if name in self._dialogs}
        if not joint.clean:
            # A turn larger than a window is joined as it is.
            waiting = {id(entry) for entry in self._dialogs.values()}
            for entry in self._entries:
                if entry.open and id(entry) not in waiting:
                    self._close(entry)
        while self._joints and self._joints[-1].key > joint.key:
            self._joints.pop()
        self._head.cut(joint.epoch, joint.line, joint.key)
        self._last = (joint.epoch, joint.line - 1)
        self._revision += 1

    def _drop_oldest(self) -> None:
        """Drop from the front, to a joint at rest if one is in reach: older history is joined there again."""
        count = self._low_mark(reversed(self._entries))
        low, high = self.next_key - count, self.next_key - (count + 1) // 2
        within = [joint for joint in self._joints if low <= joint.key <= high]
        joint = next((joint for joint in within if joint.clean), within[0] if within else None)
        if joint is None:
            return
        self._dropped += joint.key - self.first_key
        self._take_front(joint.key - self.first_key)
        self._joints = [known for known in self._joints if known.key >= joint.key]
        self._first = (joint.epoch, joint.line, joint.offset)
        if joint.clean:
            self._head.begin_at_seam(joint.key)
        else:
            self._head.forget()
        self._revision += 1

    def _take_front(self, count: int) -> None:
        for _ in range(min(count, len(self._entries))):
            self._bytes -= self._entries.popleft().counted
            self._first_key += 1

    def _put_front(self, entry: Entry) -> None:
        self._first_key -= 1
        entry.key = self._first_key
        self._entries.appendleft(entry)
        entry.counted = 0
        self._touch(entry)
