"""What a terminal shows after some bytes, by a terminal emulator that knows nothing of the cockpit (pyte)."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

import pyte

_UNKNOWN = re.compile(r"\x1b\[[<>=][0-9;]*[a-z]|\x1b\[\?[0-9;]*\$p")
"""What the emulator would take for text: requests of protocols that it has not heard of."""
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*)?\Z")


class Cell(NamedTuple):
    """One place of a screen."""

    text: str
    colour: str
    ground: str
    attributes: tuple[bool, ...]


class Emulator:
    """A terminal of some size; what it is fed it shows."""

    def __init__(self, width: int, height: int) -> None:
        self.screen = pyte.Screen(width, height)
        self._stream = pyte.Stream(self.screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._kept = ""

    def feed(self, text: str) -> None:
        """Take what a program writes, cut anywhere."""
        text = self._kept + text
        cut = _UNFINISHED.search(text)
        text, self._kept = (text[: cut.start()], text[cut.start() :]) if cut else (text, "")
        self._stream.feed(_UNKNOWN.sub("", text))

    def feed_bytes(self, data: bytes) -> None:
        """Take what a program writes, cut anywhere, as UTF-8."""
        self.feed(self._decoder.decode(data))

    def resize(self, width: int, height: int) -> None:
        """Take another size in cells."""
        self.screen.resize(height, width)

    def size(self) -> tuple[int, int]:
        """Return columns and lines."""
        return self.screen.columns, self.screen.lines

    def cells(self) -> list[list[Cell]]:
        """Return all lines; the second half of a wide character is an empty text."""
        return [[self._cell(x, y) for x in range(self.screen.columns)] for y in range(self.screen.lines)]

    def lines(self) -> list[str]:
        """Return the text of all lines."""
        return list(self.screen.display)

    def cursor(self) -> tuple[int, int]:
        """Return the cursor's column and line from 0."""
        return self.screen.cursor.x, self.screen.cursor.y

    def _cell(self, x: int, y: int) -> Cell:
        found = self.screen.buffer[y][x]
        marks = (found.bold, found.italics, found.underscore, found.strikethrough, found.reverse, found.blink)
        return Cell(found.data, found.fg, found.bg, marks)
