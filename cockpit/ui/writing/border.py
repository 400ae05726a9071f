"""The composer's border: to whom, which act, and what will really happen; below, the keys that count now."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from cockpit.text.clean import NOTHING, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, content, cut, pieces_width, width_of
from cockpit.ui.look.rows.names import cut_apart
from cockpit.ui.look.states import MODE_STYLES, Mode
from cockpit.ui.writing.keys import COMPOSER_KEYS

FRAME = 4
"""Cells of a border that take no title."""

LEAST_NAME = 12
"""Cells that the name has whatever else is said."""

LEAST_MEANING = 12
"""Cells from which on a part of what will happen is worth saying."""


@dataclass(frozen=True, slots=True)
class Addressed:
    """All that the border says."""

    name: str
    """Whom enter sends to; empty where no agent is selected."""
    mode: Mode
    meaning: str = ""
    """What will really happen."""
    refusal: str = ""
    """Why enter would not send."""
    warning: str = ""
    """What to beware of; enter sends all the same."""
    checkpoint: bool = False
    """A commit is taken before."""
    images: int = 0
    focused: bool = False


def title(said: Addressed, width: int) -> Content:
    """Draw the upper border in a width in cells."""
    if not said.name:
        return content([(ours(" no agent selected "), "$muted")])
    look = MODE_STYLES[said.mode]
    head: list[Piece] = [
        (our_line(" {} {} ", look.glyph, look.word), f"bold reverse {look.style}"),
        (ours(" → "), "$muted"),
    ]
    marks: list[Piece] = [
        (ours(" · commit first") if said.checkpoint else NOTHING, "$accent"),
        (
            our_line(" · ▣ {} image{}", said.images, "" if said.images == 1 else "s") if said.images else NOTHING,
            "$accent",
        ),
    ]
    room = width - FRAME - pieces_width(head) - pieces_width(marks)
    name = cut_apart(clean_line(said.name), (), max(LEAST_NAME, room))
    left = room - width_of(name)
    meaning = our_line(" · {} ", said.meaning) if said.meaning and left >= LEAST_MEANING else ours(" ")
    return content([*head, (name, "bold"), *marks, (cut(meaning, max(1, left)), "$muted")])


def subtitle(said: Addressed, width: int) -> Content:
    """Draw the lower border: why enter would not send, what to beware of, or the keys."""
    room = max(10, width - FRAME - 2)
    if said.refusal:
        return content([(ours("✗ "), "$agent-failed"), (cut(clean_line(said.refusal), room), "$agent-failed")])
    if said.warning:
        return content([(ours("! "), "$agent-asking"), (cut(clean_line(said.warning), room), "$agent-asking")])
    if not said.focused or not said.name:
        return content([])
    # Those behind are the first to go where there is no room for all.
    pieces: list[Piece] = []
    for key, label, _ in COMPOSER_KEYS:
        style = "$accent" if said.checkpoint and key == "^o" else "$muted"
        more: list[Piece] = [(ours("  ") if pieces else NOTHING, ""), (key, "bold"), (our_line(" {}", label), style)]
        if pieces_width([*pieces, *more]) > room:
            break
        pieces += more
    return content(pieces)
