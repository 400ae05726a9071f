"""The line that says the way from the fleet to where one is; each part of it can be clicked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cockpit.text.clean import Clean, ours
from cockpit.ui.look.cells import Piece, clickable, cut, pieces_width, width_of

LEAST = 6
"""Cells of a name below which it is left out rather than cut further."""


class Crumb(NamedTuple):
    """One step of the way."""

    name: Clean
    click: str = ""
    """What a click does, as an action of the screen; empty where one is."""


def crumb_pieces(crumbs: Sequence[Crumb], width: int) -> list[Piece]:
    """Return the way in at most `width` cells: where one is stands whole as long as it fits, the middle goes first."""
    if not crumbs:
        return []
    shown = list(crumbs)
    pieces = _joined(shown)
    while pieces_width(pieces) > width and len(shown) > 2:
        del shown[1]
        pieces = _joined([shown[0], Crumb(ours("…")), *shown[1:]])
    if pieces_width(pieces) > width and len(shown) > 1:
        shown = shown[-1:]
        pieces = _joined(shown)
    over = pieces_width(pieces) - width
    if over > 0:
        name = cut(shown[-1].name, max(0, width_of(shown[-1].name) - over))
        pieces = _joined([shown[-1]._replace(name=name)]) if width >= LEAST else []
    return pieces


def _joined(crumbs: Sequence[Crumb]) -> list[Piece]:
    pieces: list[Piece] = [(ours(" ◂ ") if len(crumbs) > 1 else ours(" "), "$muted")]
    for at, crumb in enumerate(crumbs):
        last = at == len(crumbs) - 1
        style = "bold" if last else "$muted"
        pieces.append((crumb.name, clickable(style, crumb.click) if crumb.click else style))
        if not last:
            pieces.append((ours(" ▸ "), "$muted"))
    return pieces
