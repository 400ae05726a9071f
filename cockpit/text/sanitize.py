"""The only door from an agent's text to the screen: nothing that leaves here can act on a terminal.

Escape sequences are parsed and dropped, colours become data, a carriage return overwrites as on a terminal, and what
is left of controls, bidirectional overrides and invisible characters is shown as a visible sign.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import LiteralString

from cockpit.text.characters import (
    MAX_COMBINING,
    REPLACEMENT,
    CharacterKind,
    cells_of,
    is_plain,
    kind_of,
    replacement_for,
)
from cockpit.text.clean import Clean, joined
from cockpit.text.joiners import JOINER, joins, shapes_emoji
from cockpit.text.style import PLAIN_STYLE, TextStyle, apply_graphic_rendition

TAB_STOP = 8

LINES_KEPT, MOST_KEPT = 256, 12_000
"""Lines that were cleaned lately and are kept, and the characters of the longest: lists draw the same words again and
again, and a name that somebody made as long as he could costs a frame only once."""
LINE_SIGN = Clean("\u240a")
"""Shown by `clean_line` where the text had a line break: a command of two lines must not look like one."""

_STRING_END = "(?:\x1b\\\\|\x9c)"
_STRING_BODY = "[^\x07\x1b\x80-\x9f\n\r]*"
_TOKEN = re.compile(
    "|".join(
        (
            # Every alternative consumes what it looks at or stops at the next introducer, so matching is linear.
            "(?P<plain>[ -~]+)",
            # A control sequence; one that is cut or malformed loses its parameters, too.
            r"(?:\x1b\[|\x9b)(?P<parameters>[0-?]*)(?P<between>[ -/]*)(?P<final>[@-~]?)",
            # Operating system commands (titles, links, the clipboard) with either terminator.
            f"(?P<command>(?:\x1b\\]|\x9d){_STRING_BODY}(?:\x07|{_STRING_END}))",
            # Device control, start of string, privacy message, application command.
            f"(?P<string>(?:\x1b[PX^_]|[\x90\x98\x9e\x9f]){_STRING_BODY}{_STRING_END})",
            # The introducer of a string that never ends: the rest of the line is shown, not swallowed.
            "(?P<unended>\x1b[\\]PX^_])",
            # Character set choices, and all two-character escapes such as a full reset.
            "(?P<escape>\x1b[ -/]*[0-~])",
            "(?P<tab>\t)",
            "(?P<return>\r)",
            "(?P<other>.)",
        )
    ),
    re.DOTALL,
)
ESCAPE_SIGN = "\u241b"
"""Shown for an escape character that starts nothing this parser knows, or a string that never ends."""


@dataclass(frozen=True, slots=True)
class Span:
    """A styled part of a line: characters `start` up to, not including, `end`."""

    start: int
    end: int
    style: TextStyle


@dataclass(frozen=True, slots=True)
class StyledLine:
    """One clean line and the parts of it that do not look plain, in order, without overlap."""

    text: Clean
    spans: tuple[Span, ...] = ()


def clean_line(text: str) -> Clean:
    """Return a text as one printable line; line breaks inside are shown as `␊`, those at its end are dropped."""
    if is_plain(text):
        return Clean(text)
    return _lately_cleaned(text) if len(text) <= MOST_KEPT else _cleaned_line(text)


def _cleaned_line(text: str) -> Clean:
    return joined((_Row().read(line) for line in text.rstrip("\r\n").split("\n")), LINE_SIGN)


_lately_cleaned = lru_cache(maxsize=LINES_KEPT)(_cleaned_line)


def clean_text(text: str) -> Clean:
    """Return a text with printable lines, separated by LF."""
    if is_plain(text):
        return Clean(text)
    return joined((Clean(line) if is_plain(line) else _Row().read(line) for line in text.split("\n")), Clean("\n"))


def our_line(template: LiteralString, *values: str | float) -> Clean:
    """Return words of our own in one line; each value in a place of the template is cleaned first, as a line."""
    return Clean(template.format(*(clean_line(value) if isinstance(value, str) else value for value in values)))


def our_text(template: LiteralString, *values: str | float) -> Clean:
    """Return words of our own; each value in a place of the template is cleaned first, and keeps its lines."""
    return Clean(template.format(*(clean_text(value) if isinstance(value, str) else value for value in values)))


def drawn_as_typed(text: str) -> Clean:
    """Return what is drawn of a text that is being written: one character for each, so that the cursor keeps its place.

    Joiners between letters stay, for they shape the word; a tab stays, for the field expands it.
    """
    if is_plain(text):
        return Clean(text)
    return Clean(
        "".join(
            character
            if character == "\t" or kind_of(character) is not CharacterKind.HOSTILE or joins(text, at)
            else replacement_for(character)
            for at, character in enumerate(text)
        )
    )


def clean_name(name: str) -> Clean:
    """Return the name of a file in one printable line: what acts on a terminal has a sign of its own in it.

    In a text a colour may go unseen; of two names the one that hides something must not look like the other.
    """
    return Clean(drawn_as_typed(name).replace("\t", replacement_for("\t")))


def styled_lines(text: str) -> list[StyledLine]:
    """Return the lines of a text with its colours as data; a style lasts until it is changed, also over lines."""
    lines = []
    style = PLAIN_STYLE
    for line in text.split("\n"):
        if style is PLAIN_STYLE and is_plain(line):
            lines.append(StyledLine(Clean(line)))
            continue
        row = _Row(style)
        lines.append(StyledLine(row.read(line), row.spans()))
        style = PLAIN_STYLE if row.style.is_default else row.style
    return lines


def _marks_at_end(cell: str) -> int:
    """Count the marks on the last base of a cell; joined emoji have several bases."""
    bases = (at for at in range(len(cell), 0, -1) if kind_of(cell[at - 1]) is not CharacterKind.COMBINING)
    return len(cell) - next(bases, 0)


class _Row:
    """One line of a terminal: cells that can be overwritten after a carriage return, each with its style."""

    def __init__(self, style: TextStyle = PLAIN_STYLE) -> None:
        self.style = style
        self._cells: list[str] = []
        self._styles: list[TextStyle] = []
        self._cursor = 0
        self._column = 0
        self._selectors = 0
        self._flooded = False
        self._has_marks = False

    def read(self, line: str) -> Clean:
        """Take a line without its LF and return what it shows."""
        for token in _TOKEN.finditer(line):
            group = token.lastgroup
            if group == "plain":
                self._write(token[0])
            elif group == "final":
                self._control(token["parameters"], token["between"], token["final"])
            elif group == "tab":
                self._tab()
            elif group == "return":
                self._move(0, 0)
            elif group == "unended":
                self._write(ESCAPE_SIGN)
            elif group == "other":
                self._character(line, token.start())
        return Clean("".join(self._cells))

    def spans(self) -> tuple[Span, ...]:
        """Return the styled parts of what `read` returned."""
        spans = []
        start = place = 0
        for style, run in groupby(self._styles):
            count = sum(1 for _ in run)
            cells = self._cells[place : place + count]
            place += count
            # A cell holds more than one character only where marks were combined with it.
            end = start + (sum(map(len, cells)) if self._has_marks else count)
            look = style.readable()
            if not look.is_default:
                spans.append(Span(start, end, look))
            start = end
        return tuple(spans)

    def _move(self, cursor: int, column: int) -> None:
        self._cursor = cursor
        self._column = column
        self._selectors = 0
        self._flooded = False

    def _write(self, run: str) -> None:
        """Write characters of one cell each."""
        count = len(run)
        end = self._cursor + count
        self._cells[self._cursor : end] = run
        self._styles[self._cursor : end] = [self.style] * count
        self._move(end, self._column + count)

    def _control(self, parameters: str, between: str, final: str) -> None:
        if between:
            return
        if final == "m" and parameters[:1] not in ("<", "=", ">", "?"):
            self.style = apply_graphic_rendition(self.style, parameters)
        elif final == "K" and parameters in ("", "0", "2"):
            # Progress lines clear what the last one left. Clearing all of the line (2) goes with a return to its
            # start in practice, so that is assumed; keeping the column would cost a copy of the line each time.
            if parameters == "2":
                self._move(0, 0)
            del self._cells[self._cursor :]
            del self._styles[self._cursor :]

    def _tab(self) -> None:
        blanks = TAB_STOP - self._column % TAB_STOP
        target = self._cursor + blanks
        missing = target - len(self._cells)
        if missing > 0:
            self._cells.extend(" " * missing)
            self._styles.extend([self.style] * missing)
        self._move(target, self._column + blanks)

    def _character(self, line: str, at: int) -> None:
        character = line[at]
        kind = kind_of(character)
        if self._joins_cell(line, at):
            self._cells[self._cursor - 1] += character
            self._has_marks = True
            self._move(self._cursor, self._column)
        elif kind is CharacterKind.PLAIN:
            self._write(character)
            self._column += cells_of(character) - 1
        elif kind is CharacterKind.COMBINING:
            # Without a base a mark would join whatever the screen shows left of this line.
            if self._cursor and not self._flooded and _marks_at_end(self._cells[self._cursor - 1]) < MAX_COMBINING:
                self._cells[self._cursor - 1] += character
                self._has_marks = True
            else:
                self._flood()
        elif kind is CharacterKind.VARIATION:
            self._selectors += 1
            if self._selectors > 1 or not self._cursor:
                self._flood()
        elif kind is CharacterKind.SPACE:
            self._write("  " if cells_of(character) == 2 else " ")
        else:
            self._write(ESCAPE_SIGN if character == "\x1b" else replacement_for(character))

    def _joins_cell(self, line: str, at: int) -> bool:
        """Say whether a character is drawn with what stands before it: a joiner, and what it joins to that."""
        if not self._cursor or not self._cells[self._cursor - 1].endswith(line[at - 1 : at]):
            return False
        return joins(line, at) or shapes_emoji(line, at) or (at > 1 and line[at - 1] == JOINER and joins(line, at - 1))

    def _flood(self) -> None:
        """Show once that marks were dropped; those that still follow are dropped in silence."""
        if not self._flooded:
            self._write(REPLACEMENT)
            self._flooded = True
