"""Code within an answer, highlighted by its language; a language nobody knows stays plain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.text.clean import Clean, joined, ours
from cockpit.text.sanitize import StyledLine, clean_line, styled_lines
from cockpit.ui.transcript.diffs import change_style, diff_styles
from cockpit.ui.transcript.folding import TextLine, wrapped

if TYPE_CHECKING:
    from pygments.lexer import Lexer

CODE_LIMIT = 12 * 1024
"""Characters of code that are highlighted; more of it stays plain: what is longer is not read word by word."""

BASE = "$transcript-output"

CHANGES = ("diff", "patch", "udiff")
"""How authors call a change."""

STYLES: dict[str, str] = {
    "Comment": "italic $muted",
    "Keyword": "$accent",
    "Literal.String": "$transcript-diff-added",
    "Literal.Number": "$transcript-question",
    "Name.Function": "bold",
    "Name.Class": "bold",
    "Name.Decorator": "$accent",
    "Operator.Word": "$accent",
    "Generic.Deleted": "$transcript-diff-removed",
    "Generic.Inserted": "$transcript-diff-added",
    "Generic.Subheading": "$transcript-diff-hunk",
}
"""The colours of what a lexer tells, by the beginning of its name."""


def code_lines(code: str, language: str, width: int, bar: Clean) -> list[TextLine]:
    """Return the lines of a piece of code at a width in cells.

    Args:
        code: the text.
        language: as its author named it; empty says nothing.
        width: cells of a line.
        bar: goes before each line.
    """
    edge = joined((bar, ours("│ ")))
    marks = _marks(code, language)
    lines: list[TextLine] = []
    for at, line in enumerate(styled_lines(code.rstrip("\n"))):
        own = marks[at] if at < len(marks) else ()
        lines += wrapped(StyledLine(line.text), width, edge, "$faint", base=BASE, marks=own, words=False)
    return lines


def _marks(code: str, language: str) -> list[tuple[tuple[int, int, str], ...]]:
    """Return the coloured parts of each line; a change has the colours of one, also where nobody says that it is."""
    if language in CHANGES or not language:
        lines = code.split("\n")
        styles = list(map(change_style, lines)) if language else diff_styles(code)
        return [((0, len(clean_line(line)), style),) for line, style in zip(lines, styles, strict=False)]
    lexer = _lexer(language) if language and len(code) <= CODE_LIMIT else None
    if lexer is None:
        return []
    spans: list[list[tuple[int, int, str]]] = [[]]
    column = 0
    for kind, text in lexer.get_tokens(code):
        style = _style(str(kind).removeprefix("Token."))
        for number, piece in enumerate(text.split("\n")):
            if number:
                spans.append([])
                column = 0
            if style and piece:
                spans[-1].append((column, column + len(clean_line(piece)), style))
            column += len(clean_line(piece))
    return [tuple(line) for line in spans]


def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name  # where it is imported at a start nobody has code to read yet
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _style(kind: str) -> str:
    while kind:
        if kind in STYLES:
            return STYLES[kind]
        kind = kind.rpartition(".")[0]
    return ""
