"""How a line is drawn that a search found: when, who, what sort, and the words around what was looked for."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from cockpit.model.past import SearchHit
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, content, cut, fit, pieces_width
from cockpit.ui.look.rows.names import fit_name

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


def hit_row(hit: SearchHit, name: Clean, now: float, width: int, *, gone: bool) -> Content:
    """Draw one hit.

    Args:
        hit: what was found.
        name: of its agent.
        now: unix seconds.
        width: cells.
        gone: the agent is no more.
    """
    when = datetime.fromtimestamp(max(0.0, hit.at)).strftime("%H:%M" if now - hit.at < DAY else "%m-%d %H:%M")
    sign, style = SOURCES.get(hit.source, ("·", "$muted"))
    narrow = width < 80
    pieces: list[Piece] = [
        (fit(our_line("{}", when), 12), "$muted"),
        (fit_name(name, 12 if narrow else 18), "$muted" if gone else "bold"),
        (ours(" "), ""),
        (our_line("{} ", sign), style),
    ]
    if not narrow:
        pieces.append((fit(our_line("{}", hit.source), 9), style))
    pieces.append((fit(our_line("{}", hit.line), 7, right=True), "$faint"))
    pieces.append((ours("  "), ""))
    return content([*pieces, *excerpt(hit, max(8, width - pieces_width(pieces)))])


def excerpt(hit: SearchHit, width: int) -> list[Piece]:
    """Return the words around a match with the match marked, in so many cells."""
    text = " ".join(hit.excerpt.split("\n"))  # a blank for each line break: the marks keep their places
    pieces: list[Piece] = []
    position = 0
    for start, end in (*hit.spans, (len(text), len(text))):
        pieces.append((clean_line(text[position:start]), "$muted"))
        pieces.append((clean_line(text[start:end]), "bold underline"))
        position = end
    shown: list[Piece] = []
    left = width
    for words, style in pieces:
        fitting = cut(words, left)
        shown.append((fitting, style))
        left -= pieces_width([(fitting, style)])
        if left <= 0:
            break
    return shown
