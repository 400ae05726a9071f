"""The lines of an answer: as it is written while it streams, as its Markdown means it once it is over."""

from __future__ import annotations

import re
from copy import copy

from cockpit.model.transcript.entry import Entry
from cockpit.text.clean import ours
from cockpit.text.sanitize import StyledLine, styled_lines
from cockpit.ui.transcript.diffs import DiffReader
from cockpit.ui.transcript.figures import figures
from cockpit.ui.transcript.folding import TextLine, at_end, trimmed, wrapped
from cockpit.ui.transcript.prose import prose_lines

_FENCE = re.compile(r"^\s*(```|~~~)")
_HEADING = re.compile(r"^#{1,6} ")
_BULLET = re.compile(r"^\s*(?:[-*•+]|\d{1,3}[.)])\s+")
_INLINE = re.compile(r"`[^`]+`|\*\*[^*]+\*\*")

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
    """Folds an answer into lines, and folds only what is new when the text has grown."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._settled = ""
        self._lines: list[TextLine] = []
        self._fenced = False
        self._change = DiffReader()
        """Where within a piece of code the text stands, if that is a change."""

    def fold(self, text: str) -> list[TextLine]:
        """Return all lines of the text."""
        if not text.startswith(self._settled):
            self._settled, self._lines, self._fenced, self._change = "", [], False, DiffReader()
        end = text.rfind("\n") + 1
        if end > len(self._settled):
            for line in styled_lines(text[len(self._settled) : end - 1]):
                self._lines += self._line(line)
            self._settled = text[:end]
        fenced, change = self._fenced, copy(self._change)
        tail = [folded for line in styled_lines(text[len(self._settled) :]) for folded in self._line(line)]
        self._fenced, self._change = fenced, change
        return trimmed([*self._lines, *tail])

    def _line(self, line: StyledLine) -> list[TextLine]:
        """Fold one logical line, with the little of Markdown that helps the eye; no character is hidden."""
        text = line.text
        if _FENCE.match(text):
            self._fenced, self._change = not self._fenced, DiffReader()
            return wrapped(line, self.width, ours("  "), "", base="$faint", words=False)
        if self._fenced:
            base = self._change.style(text) or "$transcript-output"
            return wrapped(line, self.width, ours("  "), "", base=base, words=False)
        if _HEADING.match(text):
            return wrapped(line, self.width, ours("  "), "", base="bold")
        bullet = _BULLET.match(text)
        marks = [
            (match.start(), match.end(), "$transcript-tool" if match.group().startswith("`") else "bold")
            for match in _INLINE.finditer(text)
        ]
        return wrapped(line, self.width, ours("  "), "", marks=marks, hang=bullet.end() if bullet else 0)
