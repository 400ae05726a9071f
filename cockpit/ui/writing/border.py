"""The composer's border: to whom, which act, and what will really happen; below, the keys that count now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from cockpit.text.clean import NOTHING, Clean, joined, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, content, cut, pieces_width, width_of
from cockpit.ui.look.states import MODE_STYLES, Mode

FRAME = 4
"""Cells of a border that take no title."""

LEAST_NAMES = 12
"""Cells that names have whatever else is said."""

LEAST_MEANING = 12
"""Cells from which on a part of what will happen is worth saying."""


@dataclass(frozen=True, slots=True)
class Addressed:
    """All that the border says."""

    names: tuple[str, ...]
    """Whom enter sends to, the selected one first; none where no agent is selected."""
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


def names_line(names: Sequence[str], width: int) -> Clean:
    """Name all recipients, or as many as have room and how many more there are."""
    cleaned = [clean_line(name) for name in names]
    if len(cleaned) == 1:
        return cut(cleaned[0], width)
    head = our_line("{} agents: ", len(cleaned))
    for shown in range(len(cleaned), 0, -1):
        rest = len(cleaned) - shown
        more = our_line(" and {} more", rest) if rest else NOTHING
        line = joined((head, joined(cleaned[:shown], ours(", ")), more))
        if width_of(line) <= width:
            return line
    return cut(our_line("{} agents", len(cleaned)), width)


def title(said: Addressed, width: int) -> Content:
    """Draw the upper border in a width in cells."""
    if not said.names:
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
    meaning = our_line(" · {} ", said.meaning) if said.meaning else NOTHING
    names = names_line(said.names, max(LEAST_NAMES, room if len(said.names) == 1 else room - LEAST_MEANING))
    left = room - width_of(names)
    if left < LEAST_MEANING:
        meaning = ours(" ")
    return content([*head, (names, "bold"), *marks, (cut(meaning, max(1, left)), "$muted")])


def subtitle(said: Addressed, width: int) -> Content:
    """Draw the lower border: why enter would not send, what to beware of, or the keys."""
    room = max(10, width - FRAME - 2)
    if said.refusal:
        return content([(ours("✗ "), "$agent-failed"), (cut(clean_line(said.refusal), room), "$agent-failed")])
    if said.warning:
        return content([(ours("! "), "$agent-asking"), (cut(clean_line(said.warning), room), "$agent-asking")])
    if not said.focused or not said.names:
        return content([])
    keys = [
        (ours("⏎"), ours(" send"), "$muted"),
        (ours("^t"), ours(" mode"), "$muted"),
        (ours("^e"), ours(" editor"), "$muted"),
        (ours("@"), ours(" file"), "$muted"),
        (ours("esc"), ours(" back"), "$muted"),
        (ours("^j"), ours(" newline"), "$muted"),
        (ours("↑"), ours(" history"), "$muted"),
        (ours("^r"), ours(" find"), "$muted"),
        (ours("^o"), ours(" commit"), "$accent" if said.checkpoint else "$muted"),
    ]
    # Those behind are the first to go where there is no room for all.
    pieces: list[Piece] = []
    for key, word, style in keys:
        more: list[Piece] = [(ours("  ") if pieces else NOTHING, ""), (key, "bold"), (word, style)]
        if pieces_width([*pieces, *more]) > room:
            break
        pieces += more
    return content(pieces)
