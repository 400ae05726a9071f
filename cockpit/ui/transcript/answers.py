"""The lines of an answer: as it is written while it streams, as its Markdown means it once it is over."""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass, field, replace

from cockpit.model.transcript.entry import Entry
from cockpit.text.clean import joined, ours, repeated
from cockpit.text.sanitize import clean_line, styled_lines
from cockpit.ui.transcript.diffs import DiffReader
from cockpit.ui.transcript.figures import figures
from cockpit.ui.transcript.folding import TextLine, at_end, trimmed, wrapped
from cockpit.ui.transcript.prose import prose_lines

_FENCE = re.compile(r"^\s*(```|~~~)")
_HEADING = re.compile(r"^#{1,6} ")
_BULLET = re.compile(r"^\s*(?:[-*•+]|\d{1,3}[.)])\s+")
_INLINE = re.compile(r"`[^`]+`|\*\*[^*]+\*\*")

PIECE = 1024
"""Characters of a line that has not ended which are folded at once: what came before is not folded again."""

LONG_ANSWER = 10.0
"""Seconds from which a transcript says how long an answer took."""


def answer_lines(entry: Entry, folder: AnswerFolder) -> list[TextLine]:
    """Return an answer's lines: as it is written while it streams, as its Markdown means it once it is over.

    Of one that is over its cost as well, and the time if it took long.
    """
    if entry.open:
        return folder.fold(entry.text)
    settled = prose_lines(entry.text, folder.width)
    lines = folder.fold(entry.text) if settled is None else settled
    told = figures(entry, from_seconds=LONG_ANSWER)
    return at_end(lines, folder.width, (told, "$muted") if told else None)


class AnswerFolder:
    """Folds an answer into lines, and folds only what is new when the text has grown, also within a long line."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._settled = ""
        self._lines: list[TextLine] = []
        self._at = _Standing()

    def fold(self, text: str) -> list[TextLine]:
        """Return all lines of the text."""
        if not text.startswith(self._settled):
            self._settled, self._lines, self._at = "", [], _Standing()
        position = len(self._settled)
        while (end := text.find("\n", position)) >= 0 or len(text) - position > PIECE:
            stop = len(text) if end < 0 else end
            if stop - position > PIECE:
                lines, used = self._begun(text[position : position + PIECE])
                position += used
            else:
                lines = self._line(text[position:stop])
                position = stop + 1
                self._at.continued = False
            self._lines += lines
        self._settled = text[:position]
        before = copy(self._at)
        tail = self._line(text[position:])
        self._at = before
        return trimmed([*self._lines, *tail])

    def _begun(self, piece: str) -> tuple[list[TextLine], int]:
        """Fold the beginning of a line; return its lines but the last, which may go on, and the characters of those."""
        before = copy(self._at)
        lines = self._line(piece)
        whole = clean_line(piece) == piece
        kept = lines[:-1] if whole and len(lines) > 1 else lines
        used = len(piece)
        self._at.continued, self._at.blank = True, False
        if kept is not lines:
            used = sum(len(line.text) - line.gutter + line.blank for line in lines) - len(lines[-1].text)
            used += lines[-1].gutter - (lines[0].blank if before.continued else 0)
            self._at.blank = lines[-1].blank
        return kept, used

    def _line(self, raw: str) -> list[TextLine]:
        """Fold one line, or a part of it, with the little of Markdown that helps the eye; no character is hidden."""
        (line,) = styled_lines(raw.replace("\n", " "))
        at, text = self._at, line.text
        bar, hang, base = ours("  "), 0, ""
        marks: list[tuple[int, int, str]] = []
        if at.continued:
            bar, base = joined((bar, repeated(ours(" "), at.hang))), at.base
        elif _FENCE.match(text):
            at.fenced, at.change, base = not at.fenced, DiffReader(), "$faint"
        elif at.fenced:
            base = at.change.style(text) or "$transcript-output"
        elif _HEADING.match(text):
            base = "bold"
        else:
            bullet = _BULLET.match(text)
            hang = bullet.end() if bullet else 0
        words = not (at.fenced or base == "$faint")
        if words and base != "bold":
            marks = [
                (match.start(), match.end(), "$transcript-tool" if match.group().startswith("`") else "bold")
                for match in _INLINE.finditer(text)
            ]
        lines = wrapped(line, self.width, bar, "", base=base, marks=marks, hang=hang, words=words)
        if at.continued:
            return [replace(lines[0], joined=True, blank=at.blank), *lines[1:]]
        at.base, at.hang = base, min(hang, max(1, self.width - 2) // 3)
        return lines


@dataclass(slots=True)
class _Standing:
    """Where in its text a folder stands."""

    fenced: bool = False
    """Within a piece of code."""
    change: DiffReader = field(default_factory=DiffReader)
    """Where within that, if it is a change."""
    continued: bool = False
    """Within a line of which the beginning is folded."""
    blank: bool = False
    """A blank stood where that line was broken."""
    hang: int = 0
    base: str = ""

    def __copy__(self) -> _Standing:
        return _Standing(self.fenced, copy(self.change), self.continued, self.blank, self.hang, self.base)
