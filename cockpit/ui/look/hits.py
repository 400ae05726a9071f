"""How a line is drawn that a search found: when, who, what sort, and the words around what was looked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from textual.content import Content

from cockpit.model.past import SearchHit
from cockpit.text.clean import NOTHING, Clean, joined, ours, part
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, content, cut, fit, pieces_width, width_of
from cockpit.ui.look.rows.names import fit_apart, least_room

SOURCES = {
    "prompt": ("❯", "$transcript-user"),
    "answer": ("●", "$accent"),
    "tool": ("▸", "$transcript-tool"),
    "output": ("│", "$muted"),
    "question": ("?", "$transcript-question"),
    "error": ("✗", "$transcript-stderr"),
}
"""Sign and colour of what was found, by what it is."""

DAY = 86_400

NARROW = 80
"""Cells below which the sort is told by its sign alone."""
LEAST_OF_NAMES = 6
GAP = ours("  ")


class HitColumns(NamedTuple):
    """How wide what stands before the words is, by all that is listed: the rest is the words'."""

    names: tuple[Clean, ...]
    name: int
    when: int
    line: int


def columns_of(hits: Sequence[tuple[SearchHit, Clean]], now: float, width: int) -> HitColumns:
    """Measure the columns.

    Args:
        hits: all that is listed, each with its agent's name.
        now: unix seconds.
        width: cells of a row.
    """
    names = tuple(dict.fromkeys(name for _, name in hits))
    widest = max(map(width_of, names), default=LEAST_OF_NAMES)
    most = max(LEAST_OF_NAMES, min(widest, 12 if width < NARROW else 24))
    return HitColumns(
        names,
        max(min(most, widest), least_room(names, LEAST_OF_NAMES, most)),
        max((width_of(_when(hit, now)) for hit, _ in hits), default=0),
        max((len(str(hit.line)) for hit, _ in hits), default=0),
    )


def _when(hit: SearchHit, now: float) -> Clean:
    moment = datetime.fromtimestamp(max(0.0, hit.at))
    return our_line("{}", moment.strftime("%H:%M" if now - hit.at < DAY else "%m-%d %H:%M"))


def hit_row(hit: SearchHit, name: Clean, now: float, width: int, columns: HitColumns, *, gone: bool) -> Content:
    """Draw one hit.

    Args:
        hit: what was found.
        name: of its agent.
        now: unix seconds.
        width: cells.
        columns: of the list it stands in.
        gone: the agent is no more.
    """
    sign, style = SOURCES.get(hit.source, ("·", "$muted"))
    pieces: list[Piece] = [
        (fit(_when(hit, now), columns.when), "$muted"),
        (GAP, ""),
        (fit_apart(name, columns.names, columns.name), "$muted" if gone else "bold"),
        (GAP, ""),
        (our_line("{} ", sign), style),
    ]
    if width >= NARROW:
        pieces.append((fit(our_line("{}", hit.source), 9), style))
    pieces.append((fit(our_line("{}", hit.line), columns.line, right=True), "$muted"))
    pieces.append((GAP, ""))
    return content([*pieces, *excerpt(hit, max(8, width - pieces_width(pieces)))])


def excerpt(hit: SearchHit, width: int) -> list[Piece]:
    """Return the words around a match with the match marked, in so many cells: what was looked for is always seen."""
    text = " ".join(hit.excerpt.split("\n"))  # a blank for each line break: the marks keep their places
    pieces: list[Piece] = []
    position = 0
    for start, end in (*hit.spans, (len(text), len(text))):
        pieces.append((clean_line(text[position:start]), "$muted"))
        pieces.append((clean_line(text[start:end]), "bold underline"))
        position = end
    if hit.spans:
        before, found = pieces[0][0], pieces[1][0]
        after = min(width // 3, sum(width_of(words) for words, _ in pieces[2:]))
        pieces[0] = (_end_of(before, width - width_of(found) - after), "$muted")
    shown: list[Piece] = []
    left = width
    for words, style in pieces:
        fitting = cut(words, left)
        shown.append((fitting, style))
        left -= width_of(fitting)
        if left <= 0:
            break
    return shown


def _end_of(words: Clean, width: int) -> Clean:
    """Return the end of a text, in at most so many cells."""
    if width_of(words) <= width:
        return words
    if width < 2:
        return NOTHING
    at = max(0, len(words) - width + 1)
    while width_of(words[at:]) > width - 1:
        at += 1
    return joined((ours("…"), part(words, at, len(words))))
