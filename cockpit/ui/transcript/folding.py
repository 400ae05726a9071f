"""Lines of a pane, and how a long text is broken into them: pure, in cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from cockpit.text.clean import Clean, joined, ours, part, repeated
from cockpit.text.joiners import is_boundary
from cockpit.text.sanitize import StyledLine, our_line
from cockpit.ui.look.agent_colours import style_words
from cockpit.ui.look.cells import Piece, break_points, cut, width_of

NEAR = 3
"""The part of a line, a third, that may stay blank so that a word of an output stays whole."""

GUTTER = 2
"""Cells before the text of every line: the bar or glyph that says whose it is."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of the pane."""

    pieces: tuple[Piece, ...]
    gutter: int = 0
    """Leading characters that are decoration: they are not copied."""
    joined: bool = False
    """It continues the line before: copied without a line feed between."""
    blank: bool = False
    """A blank stood between that and the line before, where it was broken."""
    trailer: int = 0
    """Characters at its end that are decoration: they are not copied either."""
    folds: bool = False
    """It says that something is left out: a click on it shows that."""

    @property
    def text(self) -> Clean:
        """The characters of the line."""
        return joined(text for text, _ in self.pieces)


BLANK = TextLine(())


def wrapped(
    line: StyledLine,
    width: int,
    bar: Clean,
    bar_style: str,
    *,
    base: str = "",
    marks: Sequence[tuple[int, int, str]] = (),
    hang: int = 0,
    words: bool = True,
    lead: Clean | None = None,
) -> list[TextLine]:
    """Break one logical line at a width, keep its styles, put the bar before each part.

    Args:
        line: what is broken.
        width: cells of a line, the bar included.
        bar: goes before each part.
        bar_style: of the bar.
        base: the style below all others.
        marks: styled parts: first character, the one behind the last, style.
        hang: cells by which all parts but the first are moved to the right.
        words: break between words; else every blank is kept, and words stay whole where a blank is near.
        lead: goes before the first part in place of the bar, as wide as that.
    """
    room = max(1, width - width_of(bar))
    text = line.text
    spans = [*marks, *((span.start, span.end, style_words(span.style)) for span in line.spans)]
    if width_of(text) <= room:
        parts = [(0, len(text))]
    else:
        hang = min(hang, room // 3)
        near = room // NEAR
        first = break_points(text, room, words=words, near=near)[0]
        blank = words and text[first[1] : first[1] + 1] == " " and is_boundary(text, first[1] + 1)
        after = first[1] + blank
        rest = break_points(text[after:], room - hang, words=words, near=near) if after < len(text) else []
        parts = [first, *((start + after, end + after) for start, end in rest)]
    lines: list[TextLine] = []
    for number, (start, end) in enumerate(parts):
        indent = repeated(ours(" "), hang if number else 0)
        before = joined((lead if lead is not None and not number else bar, indent))
        pieces = ((before, bar_style), *styled(text, start, end, spans, base))
        blank_before = number > 0 and start > parts[number - 1][1]
        lines.append(TextLine(pieces, len(before), number > 0, blank_before))
    return lines


def styled(text: Clean, start: int, end: int, spans: Iterable[tuple[int, int, str]], base: str) -> list[Piece]:
    """Cut a part of a line into pieces of one style each; later spans lie over earlier ones."""
    inside = [(max(a, start), min(b, end), style) for a, b, style in spans if a < end and b > start]
    if not inside:
        return [(part(text, start, end), base)] if end > start else []
    edges = sorted({start, end, *(a for a, _, _ in inside), *(b for _, b, _ in inside)})
    pieces: list[Piece] = []
    for left, right in pairwise(edges):
        styles = [base, *(style for a, b, style in inside if a <= left and b >= right)]
        pieces.append((part(text, left, right), " ".join(style for style in styles if style)))
    return pieces


def trimmed(lines: list[TextLine]) -> list[TextLine]:
    """Drop blank lines at the end: the space between entries is ours to set."""
    end = len(lines)
    while end and not lines[end - 1].text.strip():
        end -= 1
    return lines[:end]


def at_end(lines: list[TextLine], width: int, mark: Piece | None, *, folds: bool = False) -> list[TextLine]:
    """Put a mark at the right end of the last line, or there below it where there is no room.

    Args:
        lines: of a block.
        width: cells of a line.
        mark: words and their style; None for none.
        folds: the mark says that something is left out.
    """
    if mark is None or not lines:
        return lines
    words, style = mark
    last = lines[-1]
    gap = width - width_of(last.text) - width_of(words)
    if gap >= 2:
        space = repeated(ours(" "), gap)
        pieces = (*last.pieces, (space, ""), (words, style))
        trailer = last.trailer + len(space) + len(words)
        return [*lines[:-1], replace(last, pieces=pieces, trailer=trailer, folds=folds)]
    first = last.pieces[0] if last.pieces else (ours("  "), "")
    bar, bar_style = first if last.gutter >= GUTTER and len(first[0]) >= GUTTER else (ours("  "), "")
    edge = part(bar, 0, GUTTER)
    room = width - width_of(edge) - width_of(words)
    if room >= 0:
        pieces = ((edge, bar_style), (repeated(ours(" "), room), ""), (words, style))
        return [*lines, TextLine(pieces, sum(len(text) for text, _ in pieces), folds=folds)]
    below = wrapped(StyledLine(words, ()), width, edge, bar_style, base=style)
    return [*lines, *(TextLine(line.pieces, len(line.text), folds=folds) for line in below)]


def more_line(number: int, bar: Clean, where: str, width: int, nouns: tuple[str, str] = ("line", "lines")) -> TextLine:
    """Return the line that says how much is left out, and the key that shows it."""
    noun = nouns[0] if number == 1 else nouns[1]
    words = cut(our_line("… {} {} {} · ( opens", number, noun, where), max(1, width - GUTTER))
    return TextLine(((bar, "$faint"), (words, "$muted")), GUTTER, folds=True)
