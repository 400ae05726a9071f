"""Events of the feed as rows: age, who, what."""

from __future__ import annotations

from textual.content import Content

from cockpit.model.board import FeedItem
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, age, content, fit, width_of
from cockpit.ui.look.rows.names import fit_apart


def feed_row(item: FeedItem, now: float, width: int, names: tuple[Clean, ...] = ()) -> Content:
    """One line of the feed: age, who, what; of these names none looks like another."""
    who_cells = 12 if width >= 46 else 9
    kind = clean_line(item.kind)
    kind_cells = min(16, max(0, width - 46)) if width >= 56 else 0
    pieces: list[Piece] = [
        (fit(age(now - item.at), 4, right=True), "$muted"),
        (ours(" "), ""),
        (fit_apart(clean_line(item.agent), names, who_cells), "$accent"),
        (ours(" "), ""),
    ]
    if kind_cells:
        pieces.append((our_line("{} ", fit(kind, kind_cells)), "$muted"))
    used = sum(width_of(text) for text, _ in pieces)
    pieces.append((fit(clean_line(item.summary) or kind, max(0, width - used)), ""))
    return content(pieces)
