"""A bounded ring of transcript entries whose keys stay valid when old entries drop."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice

from cockpit.model.events import Record
from cockpit.model.transcript.entry import ENTRY_LIMIT, Entry, EntryKind

MAX_ENTRIES = 2000
"""Entries one agent's transcript holds: a day's work, and a few milliseconds to walk."""

MAX_BYTES = 2 * 1024 * 1024
"""Characters one agent's transcript holds: a hundred agents stay well below a small machine's memory."""


CHANGES = 256
"""Changed entries that are remembered one by one: many times what comes between two looks."""


class EntryRing:
    """Entries in order, with contiguous keys, bounded in number and in size.

    `max_bytes` counts characters (one byte each in ASCII text, up to four otherwise) plus a fixed share per entry.
    Beyond a bound the oldest entries go until an eighth is free, so that pruning is rare.
    """

    def __init__(self, *, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES) -> None:
        self.max_entries = max(8, max_entries)
        self.max_bytes = max(8192, max_bytes)
        self._entry_limit = min(ENTRY_LIMIT, self.max_bytes // 4)
        self._entries: deque[Entry] = deque()
        self._first_key = 0
        self._bytes = 0
        self._revision = 0
        self._dropped = 0
        self._changes: deque[tuple[int, Entry]] = deque(maxlen=CHANGES)
        """The entries that changed last, each with the revision at which it began to; the newest at the end."""
        self._forgotten = 0
        """The revision of the newest change that is in there no more."""
        self._put_ins: deque[tuple[int, int]] = deque(maxlen=CHANGES)
        """The newest entries that were put in above others: since which revision each is there, and its key then."""
        self._put_ins_forgotten = 0
        """The revision of the newest one that is in there no more."""

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def revision(self) -> int:
        """Grows with every visible change."""
        return self._revision

    @property
    def first_key(self) -> int:
        """The key of the oldest entry held; equal to `next_key` when there is none."""
        return self._first_key

    @property
    def next_key(self) -> int:
        """The key the next new entry will have."""
        return self._first_key + len(self._entries)

    @property
    def dropped(self) -> int:
        """How many entries were dropped from the front for want of room."""
        return self._dropped

    @property
    def held_bytes(self) -> int:
        """What the entries count for against `max_bytes`."""
        return self._bytes

    def entry(self, key: int) -> Entry | None:
        """Return the entry with this key, or None when it was dropped or does not exist yet."""
        index = key - self._first_key
        return self._entries[index] if 0 <= index < len(self._entries) else None

    def entries(self, start_key: int | None = None) -> Iterator[Entry]:
        """Iterate the entries held, from a key on. Not to be held across an `apply`."""
        skip = 0 if start_key is None else max(0, start_key - self._first_key)
        return islice(self._entries, skip, None)

    def changed_since(self, revision: int) -> list[Entry] | None:
        """Return the entries held that changed or came after a revision, in their order; None if that is not known."""
        if revision < self._forgotten:
            return None
        found: dict[int, Entry] = {}
        for since, entry in reversed(self._changes):
            if entry.revision > revision and entry.key >= self._first_key:
                found[entry.key] = entry
            if since <= revision:
                break
        return [found[key] for key in sorted(found)]

    def put_in_since(self, revision: int) -> list[int] | None:
        """Return the keys at which entries were put in above others since a revision, in that order; each raised the
        keys from its own on by one. None if that is not known."""
        if revision < self._put_ins_forgotten:
            return None
        return [key for since, key in self._put_ins if since > revision]

    def key_now(self, key: int, revision: int) -> int:
        """Return the key of the entry that had a key at a revision."""
        for put_in in self.put_in_since(revision) or ():
            key += key >= put_in
        return key

    def _put_in(self, key: int, line: int, kind: EntryKind, record: Record, text: str) -> Entry:
        """Add a new entry at a key, for what a record says of before; `line` is where it stands.

        It comes last where nothing stands below that place, and where the place was dropped: it would go at once, too.
        """
        if not self._first_key <= key < self.next_key:
            last = self._add(kind, record, "", text)
            last.line = line if key == last.key else last.line
            return last
        entry = Entry(key, kind, "", record.at, line=line, epoch=record.epoch, limit=self._entry_limit)
        entry.told_line = record.line
        entry.append(text)
        for below in islice(self._entries, key - self._first_key, None):
            below.key += 1
        self._entries.insert(key - self._first_key, entry)
        if len(self._put_ins) == CHANGES:
            self._put_ins_forgotten = self._put_ins[0][0]
        self._put_ins.append((self._revision + 1, key))
        self._touch(entry)
        return entry

    def _add(self, kind: EntryKind, record: Record, title: str = "", text: str = "") -> Entry:
        """Append a new entry for what a record says."""
        entry = Entry(
            self.next_key,
            kind,
            title,
            record.at,
            line=record.line,
            epoch=record.epoch,
            limit=self._entry_limit,
        )
        if text:
            entry.append(text)
        self._entries.append(entry)
        self._touch(entry)
        return entry

    def _touch(self, entry: Entry) -> None:
        """Note that an entry changed; one that was dropped meanwhile changes nothing visible."""
        if entry.key < self._first_key:
            return
        self._revision += 1
        if not self._changes or self._changes[-1][1] is not entry:
            self._remember(entry)
        entry.revision = self._revision
        size = entry.size
        self._bytes += size - entry.counted
        entry.counted = size
        if self._bytes > self.max_bytes or len(self._entries) > self.max_entries:
            self._prune()

    def _remember(self, entry: Entry) -> None:
        if len(self._changes) == CHANGES:
            self._forgotten = self._changes[1][0] - 1
        self._changes.append((self._revision, entry))

    def _prune(self) -> None:
        """Drop from the front down to the low mark, once the high mark is passed."""
        if self._bytes <= self.max_bytes and len(self._entries) <= self.max_entries:
            return
        low_bytes, low_entries = self.max_bytes * 7 // 8, self.max_entries * 7 // 8
        while len(self._entries) > 1 and (self._bytes > low_bytes or len(self._entries) > low_entries):
            self._bytes -= self._entries.popleft().counted
            self._first_key += 1
            self._dropped += 1
        self._revision += 1
