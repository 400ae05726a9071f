"""The same entry in two transcripts of one agent: by the record it began with."""

from __future__ import annotations

from bisect import bisect_left

from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import Place
from cockpit.ui.transcript.laid import OWN_WORDS


def counterpart(entry: Entry, of: Transcript, to: Transcript) -> Entry | None:
    """Return the entry of another transcript that began with the same record; None if that has none.

    Args:
        entry: an entry.
        of: the transcript it is from.
        to: the transcript to look in.
    """
    if entry.kind is EntryKind.BORDER:
        return None
    place = _place(entry)
    nth = entry.key - _first_key(of, place)
    found = to.entry(_first_key(to, place) + nth)
    if found is None or _place(found) != place:
        return None
    same = found.kind is entry.kind or (found.kind in OWN_WORDS and entry.kind in OWN_WORDS)
    return found if same else None


def entry_before(transcript: Transcript, place: Place) -> Entry | None:
    """Return the entry that began at a place, else the last one before it; it may stand above what came earlier."""
    key = _first_key(transcript, (place[0], place[1] + 1)) - 1
    above = found = transcript.entry(key)
    while above is not None and _told(above) != place:
        key -= 1
        above = transcript.entry(key) if above.kind not in OWN_WORDS else None
    return above or found


def nth_of(entry: Entry, of: Transcript) -> int:
    """Return which of the entries an entry is that began with the same record, from 0."""
    return entry.key - _first_key(of, _place(entry))


def entry_at(transcript: Transcript, place: Place, nth: int) -> Entry | None:
    """Return the n-th entry that began with a record; None if it is not held."""
    found = transcript.entry(_first_key(transcript, place) + nth)
    return found if found is not None and _place(found) == place else None


def _first_key(transcript: Transcript, place: Place) -> int:
    """Return the key of the first entry that began at a place or after it."""
    keys = range(transcript.first_key, transcript.next_key)
    at = bisect_left(keys, place, key=lambda key: _place(transcript.entry(key)))
    key = transcript.first_key + at
    found = transcript.entry(key)
    return key + 1 if found is not None and found.kind is EntryKind.BORDER else key


def _told(entry: Entry) -> Place:
    """Return the place of the record that an entry began with."""
    return entry.epoch, entry.told_line


def _place(entry: Entry | None) -> Place:
    return (entry.epoch, entry.line) if entry is not None else (0, 0)
