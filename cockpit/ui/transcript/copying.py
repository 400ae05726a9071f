"""What is copied, saved and opened elsewhere of a transcript: an answer, a block, all that is held."""

from __future__ import annotations

from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.model.transcript.transcript import Transcript
from cockpit.text.clean import Clean, joined, ours
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.ui.transcript.find.index import NAMELESS, shown_texts
from cockpit.ui.transcript.laid import OWN_WORDS, clock_of


def newest_answer(transcript: Transcript, key: int) -> Entry | None:
    """Return the newest answer with words in it, up to an entry."""
    while (entry := transcript.entry(key)) is not None:
        if entry.kind in (EntryKind.ANSWER, EntryKind.OUTPUT) and entry.text.strip():
            return entry
        key -= 1
    return None


def block_text(entry: Entry) -> Clean:
    """Return what a block says, as it was written, without what could act on a terminal."""
    texts = [clean_text(text.strip("\n")) for text in shown_texts(entry) if text.strip("\n")]
    return joined(texts, ours("\n"))


def block_name(entry: Entry) -> Clean:
    """Say what a block is in a few words."""
    if entry.kind in OWN_WORDS:
        return ours("the message")
    words = clean_line(entry.title) if entry.kind not in NAMELESS and entry.title else clean_line(entry.kind.value)
    return our_line("{}", words if len(words) < 40 else f"{words[:39]}…")


def whole_text(transcript: Transcript) -> Clean:
    """Return all that is held of a transcript, each block under its time and what it is."""
    parts = [
        joined((our_line("── {} {} ", clock_of(entry), entry.kind.value), ours("──\n"), block_text(entry)))
        for entry in transcript.entries()
    ]
    return joined((*parts, ours("")), ours("\n\n"))
